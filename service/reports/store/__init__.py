"""How things are counted."""
