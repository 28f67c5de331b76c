"""Webhooks: what other systems are told, how it is signed and written, when it is tried again, what they answer."""
