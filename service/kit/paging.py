"""Pages of a list: a keyset cursor, so that rows that arrive meanwhile neither repeat nor hide others."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from service.kit.errors import invalid

DEFAULT_LIMIT = 100
MAX_LIMIT = 500

Item = TypeVar("Item")
CursorPart = str | int | None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items in order, and the cursor of the next page (None: this was the last)."""

    items: tuple[Item, ...]
    next: str | None


def encode_cursor(parts: Sequence[CursorPart]) -> str:
    """The sort key of the last item of a page, made opaque."""
    return base64.urlsafe_b64encode(json.dumps(list(parts), separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(text: str | None, *, parts: int) -> tuple[CursorPart, ...] | None:
    """The sort key that `encode_cursor` hid: as many parts as the list's order has. Raises Invalid."""
    if text is None:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found = json.loads(raw)
    except (ValueError, binascii.Error, RecursionError):
        found = None
    if not _fits(found, parts):
        raise invalid("cursor", "this is no cursor of this list; take the one that 'next' gave")
    return tuple(found)


def _fits(found: object, parts: int) -> bool:
    if not isinstance(found, list) or len(found) != parts:
        return False
    return all(part is None or isinstance(part, str) or _is_key(part) for part in found)


def _is_key(part: object) -> bool:
    return type(part) is int and 0 <= part < 2**63


def cut(rows: Sequence[Item], limit: int, key: Callable[[Item], Sequence[CursorPart]]) -> Page[Item]:
    """A page from `limit + 1` rows: the extra row only says whether there is another page."""
    kept = tuple(rows[:limit])
    more = len(rows) > limit
    return Page(items=kept, next=encode_cursor(key(kept[-1])) if more and kept else None)
