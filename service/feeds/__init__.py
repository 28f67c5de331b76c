"""Subscriptions: which entries belong in a feed, as which bytes, at which address."""
