"""Sees what several tickets have in common: repeats, bursts, and what no article answers."""
