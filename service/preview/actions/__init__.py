"""`foreseeing` what would go out, and `calendar`, the same as a calendar."""
