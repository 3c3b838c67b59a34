"""Category, priority, kind and missing details of a ticket; knows no ORM and no web."""
