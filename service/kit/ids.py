"""Identifiers: a readable prefix, then 128 bits in base32 (26 characters a-z2-7)."""

import base64
import hashlib
import secrets


def new_id(prefix: str) -> str:
    """A random identifier such as `ms_4xq…`."""
    return _spell(prefix, secrets.token_bytes(16))


def derived_id(prefix: str, *parts: str) -> str:
    """The identifier that follows from `parts`: the same parts give the same one on every server.

    A plan that is loaded again from its file after the database was lost so keeps its subscribers' calendar entries.
    """
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return _spell(prefix, digest[:16])


def _spell(prefix: str, raw: bytes) -> str:
    return f"{prefix}_{base64.b32encode(raw).decode().rstrip('=').lower()}"
