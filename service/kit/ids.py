"""Identifiers: a readable prefix, then 128 bits in base32 (26 characters a-z2-7)."""

import base64
import hashlib
import secrets
from collections.abc import Iterator
from itertools import count, product

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"  # RFC 4648, section 6
_PAIRS = ["".join(pair) for pair in product(_LETTERS, repeat=2)]
_TAIL = 20  # bits that are counted within a row of identifiers, in four letters
_SPARE = 2  # bits: 26 letters of five bits hold 130


def new_id(prefix: str) -> str:
    """A random identifier such as `ms_4xq…`."""
    return _spell(prefix, secrets.token_bytes(16))


def new_ids(prefix: str) -> Iterator[str]:
    """Identifiers that are as unlikely to come twice as `new_id`'s, but follow each other: for rows that come in bulk.

    They stand side by side in an index, which is what makes a thousand rows quick to write and to find again. Whoever
    knows one can guess the next: they are names, and no secrets.
    """
    start = secrets.randbits(128)
    head, tail = "", -1
    for number in count(start):
        place = (number << _SPARE) & ((1 << 130) - 1)
        if place >> _TAIL != tail:
            tail = place >> _TAIL
            head = prefix + "_" + "".join(_PAIRS[tail >> shift & 1023] for shift in range(100, -1, -10))
        yield head + _PAIRS[place >> 10 & 1023] + _PAIRS[place & 1023]


def derived_id(prefix: str, *parts: str) -> str:
    """The identifier that follows from `parts`: the same parts give the same one on every server.

    A plan that is loaded again from its file after the database was lost so keeps its subscribers' calendar entries.
    """
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return _spell(prefix, digest[:16])


def _spell(prefix: str, raw: bytes) -> str:
    return f"{prefix}_{base64.b32encode(raw).decode().rstrip('=').lower()}"
