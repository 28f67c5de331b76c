"""Jurisdictions, units, and groups of units with dated membership."""
