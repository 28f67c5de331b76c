"""Recounts: what stands where, counted from what is kept. Nothing here changes anything."""
