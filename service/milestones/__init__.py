"""Milestones, who answers for them, and their occurrences: what falls due, when, for whom."""
