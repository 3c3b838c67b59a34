"""Use cases: one journey a module; each owns its transactions."""
