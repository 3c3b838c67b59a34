"""Known fixes for a ticket: candidates, features, ranking, evidence; knows no ORM and no web."""
