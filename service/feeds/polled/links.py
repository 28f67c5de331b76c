"""Which page an address opens."""

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from service.feeds.actions import reading
from service.feeds.polled.pages import AWAY, NEVER, UNKNOWN, OpenLink, Refusal
from service.feeds.polled.reach import LONG_PATIENCE, Reach, Unreached, monotonic
from service.feeds.polled.reserve import Reserve
from service.feeds.rules.extras import Notice
from service.feeds.rules.forms import Form, read_form
from service.feeds.rules.overlay import REGIONS
from service.feeds.rules.subjects import Address, Subject, SubjectKind, read_subject, token_digest
from service.feeds.store.links import Link
from service.kit.database import Database

LINKS_KEPT = 100_000
UNKNOWN_KEPT = 10_000
UNKNOWN_FOR = 2.0  # seconds: a flood of wrong addresses asks the database once for each of them

Kept = TypeVar("Kept")


class Links:
    """The links that this process has been asked for, and for a moment those that do not exist."""

    def __init__(
        self,
        database: Database,
        reach: Reach,
        reserve: Reserve,
        *,
        secret: Callable[[], str],
        public_read: bool,
        zone: ZoneInfo,
        is_blank: Callable[[], bool],
    ) -> None:
        self._reserve = reserve
        self._is_blank = is_blank
        self._zone = zone
        self._database = database
        self._reach = reach
        self._secret = secret
        self._public_read = public_read
        self._links: dict[str, OpenLink] = {}
        self._unknown: dict[str, float] = {}

    async def open(
        self, address: Address, *, exists: Callable[[Subject], Awaitable[Refusal | None]]
    ) -> OpenLink | Refusal:
        """What an address opens. `exists` says why there is no such subject, or None."""
        if address.token:
            return await self._by_token(address.token)
        if address.holidays:
            return self._holidays(address.holidays)
        if not self._public_read:
            return UNKNOWN
        subject = Subject(SubjectKind.PUBLIC, address.unit)
        known = self._links.get(str(subject))
        if known is not None:
            return known
        refusal = UNKNOWN if self._is_unknown(str(subject)) else await exists(subject)
        if refusal is not None:
            self._note_unknown(str(subject), refusal)
            return refusal
        return self._remember(str(subject), OpenLink(subject, Form()))

    def _holidays(self, region: str) -> OpenLink | Refusal:
        """Everybody may know the statutory days."""
        if region not in REGIONS:
            return UNKNOWN
        subject = Subject(SubjectKind.HOLIDAYS, region)
        return self._links.get(str(subject)) or self._remember(str(subject), OpenLink(subject, Form()))

    async def _by_token(self, token: str) -> OpenLink | Refusal:
        digest = token_digest(self._secret(), token)
        known = self._links.get(digest)
        if known is not None and known.fresh:
            return known
        if known is None and self._is_unknown(digest):
            return UNKNOWN
        if self._reach.pauses and (known := known or await self._reserved(digest)):
            return known
        try:
            found = await self._reach.ask(self._read(digest), patience=LONG_PATIENCE)
        except Unreached:
            return known or await self._reserved(digest) or AWAY  # an outage must not close an address that was open
        if found is None:
            if self._is_blank() and (kept := known or await self._reserved(digest)):
                return kept
            self._note_unknown(digest, UNKNOWN)
            return UNKNOWN
        self._reserve.note_link(found)
        if known is None or not known.shows_as(found):
            return self._remember(digest, found)  # what was opened by it before has to be opened anew
        known.renew(until=found.until, revoked=found.revoked)
        return known

    async def _reserved(self, digest: str) -> OpenLink | None:
        """What a token opened when this node last knew. It is asked for again with every poll."""
        link = await self._reserve.link(digest)
        if link is not None:
            link.stale()
            self._remember(digest, link)
        return link

    async def _read(self, digest: str) -> OpenLink | None:
        async with self._database.read() as session:
            link = await reading.read_link(session, digest=digest)
        form = read_form(link.options) if link is not None else None
        if link is None or form is None:
            return None
        return OpenLink(
            read_subject(link.subject),
            form,
            link.feed,
            link.until or NEVER,
            link.revoked,
            digest=digest,
            notice=self._notice(link),
        )

    def _notice(self, link: Link) -> Notice | None:
        """What an address that was replaced has to say, on every day that it still has."""
        if link.replaced_at is None or link.until is None:
            return None
        first, last = (at.astimezone(self._zone).date() for at in (link.replaced_at, link.until))
        return Notice(link.feed, link.generation, link.replaced_at, first, max(first, last))

    def stale(self, feeds: Collection[str]) -> None:
        """These feeds have been rotated or revoked."""
        wanted = set(feeds)
        for link in self._links.values() if wanted else ():
            if link.feed in wanted:
                link.stale()

    def all_stale(self) -> None:
        """Nobody knows which have been rotated or revoked."""
        for link in self._links.values():
            if link.feed:
                link.stale()

    def forget_unknown(self) -> None:
        """What did not exist may exist now."""
        self._unknown.clear()

    def _remember(self, key: str, link: OpenLink) -> OpenLink:
        bound(self._links, LINKS_KEPT)
        self._links[key] = link
        return link

    def _is_unknown(self, key: str) -> bool:
        return self._unknown.get(key, 0.0) > monotonic()

    def _note_unknown(self, key: str, refusal: Refusal) -> None:
        if refusal is UNKNOWN:
            bound(self._unknown, UNKNOWN_KEPT)
            self._unknown[key] = monotonic() + UNKNOWN_FOR


def bound(kept: MutableMapping[Kept, Any], most: int) -> None:
    """Forget the oldest tenth when there are too many."""
    if len(kept) >= most:
        for key in list(kept)[: most // 10 + 1]:
            del kept[key]
