"""The types the whole system speaks in: immutable values, no I/O, no imports from any other room."""
