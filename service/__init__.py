"""Milepost keeps the deadlines of government work plans."""

__version__ = "0.1.0"
