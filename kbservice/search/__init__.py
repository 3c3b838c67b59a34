"""Ranked retrieval over articles and resolved tickets; knows no ORM and no web."""
