"""What a calendar program has seen, as a token that it brings back (RFC 6578). Pure.

CalDAV asks for the difference since the last time. Nothing is kept for it: a token says how far the ledger had come and
which day it was, and from these two follows what has changed, what came into view and what went out of it.
"""

import re
from dataclasses import dataclass
from datetime import date

_PREFIX = "urn:x-milepost:sync:"
_TOKEN = re.compile(
    rf"{_PREFIX}(?P<of>[0-9a-f]{{16}})\.(?P<ledger>\d{{1,18}})\.(?P<day>\d{{8}})\.(?P<revision>\d{{1,18}})"
    r"(?:\.(?P<from_ledger>\d{1,18}|-)\.(?P<from_day>\d{8}|-)\.(?P<after>[a-z0-9_]{1,64}))?\Z"
)


@dataclass(frozen=True, slots=True)
class Point:
    """A moment in a feed's life: how far the ledger had come, and the day, which decides what the window shows.

    `revision` is the subject's: what has the same one shows the same, but for the window.
    """

    ledger: int
    day: date
    revision: int


@dataclass(frozen=True, slots=True)
class Rest:
    """Where a difference that was too long for one answer was cut: it goes on after the entry `after` (its name), with
    what changed since `since` (None: with everything that is shown)."""

    since: Point | None
    after: str


@dataclass(frozen=True, slots=True)
class SyncToken:
    """What a program has seen: everything up to a point, or (`rest`) a part of it."""

    seen: Point
    rest: Rest | None = None


def spell_token(token: SyncToken, *, of: str) -> str:
    """A token as a URI (RFC 6578, 6.2). `of`: 16 hexadecimal digits that say which feed in which form it belongs to."""
    seen = token.seen
    text = f"{_PREFIX}{of}.{seen.ledger}.{_day(seen.day)}.{seen.revision}"
    if token.rest is None:
        return text
    since = token.rest.since
    began = f"{since.ledger}.{_day(since.day)}" if since else "-.-"
    return f"{text}.{began}.{token.rest.after}"


def _day(day: date) -> str:
    return day.isoformat().replace("-", "")  # strftime writes years before 1000 without their zeros


def read_token(text: str, *, of: str) -> SyncToken | None:
    """A token from its spelling; None where it is none, or one of another feed or form."""
    found = _TOKEN.match(text) if len(text) <= 300 else None
    if found is None or found["of"] != of:
        return None
    try:
        seen = Point(int(found["ledger"]), date.fromisoformat(found["day"]), int(found["revision"]))
        if found["after"] is None:
            return SyncToken(seen)
        since = None
        if found["from_ledger"] != "-":
            since = Point(int(found["from_ledger"]), date.fromisoformat(found["from_day"]), seen.revision)
        return SyncToken(seen, Rest(since, found["after"]))
    except ValueError:
        return None


def holds(seen: Point, now: Point, *, is_group: bool) -> bool:
    """Whether the difference between two points can be told.

    Numbers that went back are those of a database that was restored, a day that went back is that of a clock that was
    set. What a group shows follows from who names it, which leaves no trace in entries: its tokens hold until its next
    change, and then the program compares ETags instead.
    """
    if seen.ledger > now.ledger or seen.revision > now.revision or seen.day > now.day:
        return False
    return not is_group or seen.revision == now.revision
