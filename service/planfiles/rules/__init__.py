"""What a plan file means: text in, values out; no database, no clock, no files."""
