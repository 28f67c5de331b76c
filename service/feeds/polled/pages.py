"""Pages and links as a process remembers them."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

from service.feeds.actions.reading import Contents
from service.feeds.cache import Body
from service.feeds.rules.subjects import Form, Subject

LONG_AGO = datetime.min.replace(tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)


class PageKey(NamedTuple):
    """What a page shows, and how. Links that agree in both share one page."""

    subject: Subject
    form: Form


@dataclass(slots=True, eq=False)
class Page:
    """A feed as it is sent. `fresh`: nobody has said since that it changed.

    `good_until` is the next local midnight, and long ago once it is not fresh: the polled path asks for nothing else.
    `shown` is what the body was made of, as long as there is room for it. `changes` counts what was said, so that a
    body that was being made meanwhile is not taken for the newest.
    """

    key: PageKey
    body: Body | None = None
    shown: Contents | None = None
    fresh: bool = False
    good_until: datetime = LONG_AGO
    holds_until: date | None = None
    revision: int = -1
    changes: int = 0
    try_again_at: float = 0.0
    used: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def stale(self) -> None:
        """Something that this page shows has changed."""
        self.fresh = False
        self.good_until = LONG_AGO
        self.changes += 1

    def start_over(self) -> None:
        """Nothing that it was made of may be used again. The body itself goes out while there is no better one."""
        self.stale()
        self.shown = None
        if self.body is not None:
            self.body.pieces = {}

    def was_used(self) -> bool:
        """Whether it went out since this was last asked."""
        used, self.used = self.used, False
        return used


@dataclass(slots=True, eq=False)
class OpenLink:
    """What an address opens. `fresh`: nobody has said since that the link changed.

    `until` is when it expires; `good_until` is the same while it is fresh and open, and long ago otherwise: the polled
    path asks for nothing else.
    """

    subject: Subject
    form: Form
    feed: str = ""
    until: datetime = NEVER
    revoked: bool = False
    fresh: bool = True
    good_until: datetime = LONG_AGO

    def __post_init__(self) -> None:
        self.renew(until=self.until, revoked=self.revoked)

    def renew(self, *, until: datetime, revoked: bool) -> None:
        """This is how the link stands now."""
        self.until, self.revoked, self.fresh = until, revoked, True
        self.good_until = LONG_AGO if revoked else until

    def stale(self) -> None:
        """It may have been rotated or revoked."""
        self.fresh = False
        self.good_until = LONG_AGO


@dataclass(frozen=True, slots=True)
class Slot:
    """One address (path and query) with the page that it shows and the link that opens it."""

    link: OpenLink
    page: Page


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an address shows nothing."""

    status: int
    sentence: str


UNKNOWN = Refusal(404, "There is no such calendar.")
GONE = Refusal(410, "This calendar was closed. Ask whoever gave you the address for a new one.")
AWAY = Refusal(503, "The calendar cannot be read at the moment; it will be back.")
