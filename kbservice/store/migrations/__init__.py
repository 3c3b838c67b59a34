"""Schema versions; written once, never edited after a release."""
