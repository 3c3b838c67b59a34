"""The ticket store: SQL only; functions take a Session and never commit."""
