"""Subscriptions: facts, windows, bytes, revisions, and what calendar programs make of them."""
