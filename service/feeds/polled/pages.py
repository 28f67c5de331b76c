"""Pages and links as a process remembers them."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

from service.feeds.actions.reading import Contents
from service.feeds.cache import Body
from service.feeds.rules.extras import Notice
from service.feeds.rules.forms import Form
from service.feeds.rules.negotiation import Encoding
from service.feeds.rules.subjects import Subject

LONG_AGO = float("-inf")
NEVER = datetime.max.replace(tzinfo=UTC)


class PageKey(NamedTuple):
    """What a page shows, and how. Links that agree in it share one page; an address that was replaced has its own."""

    subject: Subject
    form: Form
    notice: Notice | None = None


@dataclass(slots=True, eq=False)
class Page:
    """A feed as it is sent. `fresh`: nobody has said since that it changed.

    `good_until` is the next local midnight in POSIX seconds, and long ago once it is not fresh: the polled path asks
    for nothing else. `shown` is what the body was made of, as long as there is room for it. `changes` counts what was
    said, so that a body that was being made meanwhile is not taken for the newest. `retired`: there were too many, and
    nobody tells this one of changes any more.
    """

    key: PageKey
    body: Body | None = None
    shown: Contents | None = None
    fresh: bool = False
    good_until: float = LONG_AGO
    holds_until: date | None = None
    revision: int = -1
    changes: int = 0
    try_again_at: float = 0.0
    used: bool = False
    retired: bool = False
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

    `until` is when it expires; `good_until` is the same in POSIX seconds while it is fresh and open, and long ago
    otherwise: the polled path asks for nothing else. `digest` is that of its token, `notice` what an address that was
    replaced has to say.
    """

    subject: Subject
    form: Form
    feed: str = ""
    until: datetime = NEVER
    revoked: bool = False
    fresh: bool = True
    good_until: float = LONG_AGO
    digest: str = ""
    notice: Notice | None = None

    def __post_init__(self) -> None:
        self.renew(until=self.until, revoked=self.revoked)

    def renew(self, *, until: datetime, revoked: bool) -> None:
        """This is how the link stands now."""
        self.until, self.revoked, self.fresh = until, revoked, True
        self.good_until = LONG_AGO if revoked else until.timestamp()

    def shows_as(self, other: "OpenLink") -> bool:
        """Whether another reading of the same link shows the same things, whatever became of its end."""
        return (self.subject, self.form, self.notice) == (other.subject, other.form, other.notice)

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


@dataclass(slots=True)
class Counts:
    """What happened, as plain numbers: a counter's lock would be felt on the polled path."""

    statuses: dict[int, int] = field(default_factory=lambda: dict.fromkeys((200, 304, 404, 405, 410, 503), 0))
    made: int = 0
    last_good: int = 0


def forget_body(_key: Page, page: Page) -> None:
    """There was no room for a page's body."""
    page.body = None
    page.stale()


def forget_shown(_key: Page, page: Page) -> None:
    """There was no room for what a body was made of."""
    page.shown = None


def forget_extra(key: tuple[Page, Encoding], page: Page) -> None:
    """There was no room for another encoding."""
    if page.body is not None:
        page.body.answers.pop(key[1], None)
