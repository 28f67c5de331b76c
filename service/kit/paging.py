"""Pages of a list: a keyset cursor, so that rows that arrive meanwhile neither repeat nor hide others."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from service.kit.errors import Fault, NotFound

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
    """The sort key that `encode_cursor` hid: as many parts as the list's order has. Raises NotFound."""
    if text is None:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found = json.loads(raw)
    except (ValueError, binascii.Error, RecursionError):
        found = None
    if not _fits(found, parts):
        raise wrong_cursor()
    return tuple(found)


def decode_instant_cursor(text: str | None) -> tuple[datetime, str] | None:
    """The cursor of a list in order of an instant and an id. Raises NotFound."""
    found = decode_cursor(text, parts=2)
    if found is None:
        return None
    try:
        at = datetime.fromisoformat(str(found[0]))
    except ValueError:
        raise wrong_cursor() from None
    if at.tzinfo is None or not isinstance(found[1], str):
        raise wrong_cursor()
    return at, found[1]


def decode_number_cursor(text: str | None) -> int | None:
    """The cursor of a list in order of a number. Raises NotFound."""
    found = decode_cursor(text, parts=1)
    if found is None:
        return None
    if not isinstance(found[0], int):
        raise wrong_cursor()
    return found[0]


def wrong_cursor() -> NotFound:
    """What to raise for a cursor that is not this list's: it leads to no page."""
    fault = Fault("cursor", "this is no cursor of this list; take the one that 'next' gave")
    return NotFound(str(fault), faults=[fault])


def decode_texts(text: str | None, *, parts: int) -> tuple[str, ...] | None:
    """A cursor whose parts are all text. Raises NotFound."""
    found = decode_cursor(text, parts=parts)
    if found is None:
        return None
    if not all(isinstance(part, str) for part in found):
        raise wrong_cursor()
    return tuple(str(part) for part in found)


def _fits(found: object, parts: int) -> bool:
    if not isinstance(found, list) or len(found) != parts:
        return False
    return all(part is None or _is_text(part) or _is_key(part) for part in found)


def _is_text(part: object) -> bool:
    # JSON can say what no database stores: NUL, and halves of surrogate pairs.
    return isinstance(part, str) and "\x00" not in part and not any("\ud800" <= each <= "\udfff" for each in part)


def _is_key(part: object) -> bool:
    return type(part) is int and 0 <= part < 2**63


def cut(rows: Sequence[Item], limit: int, key: Callable[[Item], Sequence[CursorPart]]) -> Page[Item]:
    """A page from `limit + 1` rows: the extra row only says whether there is another page."""
    kept = tuple(rows[:limit])
    more = len(rows) > limit
    return Page(items=kept, next=encode_cursor(key(kept[-1])) if more and kept else None)
