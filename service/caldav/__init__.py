"""The CalDAV door (RFC 4791, 6578, 6764), for reading: programs fetch the difference instead of the whole file."""
