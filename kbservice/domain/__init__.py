"""Mapped classes of the ticket store, with the rules that belong to one record."""
