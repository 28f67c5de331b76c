"""Calendars as bytes (RFC 5545, 7986): the only importer of icalendar, whose traps are known here."""
