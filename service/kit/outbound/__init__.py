"""The only way out: one guarded HTTP client, and what may be reached with it."""
