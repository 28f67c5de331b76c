"""Whole ways through several rooms, and what such tests stand on."""
