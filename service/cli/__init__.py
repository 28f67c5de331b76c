"""The command door: one file a command."""
