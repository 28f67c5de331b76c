"""The CalDAV door."""
