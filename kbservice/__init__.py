"""Knowledge-base search with ticket triage for technical-support teams."""

__version__ = "0.1.0"
