"""The HTTP face: the JSON API and the pages, over the same services."""
