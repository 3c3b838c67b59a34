"""Pure process rules over a profile: no database, no clock of its own, no text mining."""
