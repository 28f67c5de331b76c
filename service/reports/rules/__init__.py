"""What a board says. Pure."""
