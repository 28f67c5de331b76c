"""Statutory days."""
