"""The desk at which feeds are handed out: everything that a poll needs, in memory.

A page that is fresh goes out as it is. Any other is made anew first; where the database cannot be reached, the last
good one goes out, from memory or from this node's reserve. Pages grow stale by a change in this process (`hear`), by
the ledgers of all processes (`watch`, once a second), and at midnight.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from service.feeds.actions import reading, turning
from service.feeds.cache import Answer, Shelf
from service.feeds.polled.ledger import Ledger
from service.feeds.polled.links import Links, bound
from service.feeds.polled.making import Maker
from service.feeds.polled.pages import (
    AWAY,
    GONE,
    LONG_AGO,
    UNKNOWN,
    Counts,
    OpenLink,
    Page,
    PageKey,
    Refusal,
    Slot,
    forget_body,
    forget_extra,
    forget_shown,
)
from service.feeds.polled.reach import LONG_PATIENCE, LOOK_PATIENCE, PATIENCE, PAUSE, Reach, Unreached, monotonic
from service.feeds.polled.reserve import Reserve
from service.feeds.rules.forms import Form, read_query
from service.feeds.rules.negotiation import Encoding
from service.feeds.rules.phase import midnight
from service.feeds.rules.subjects import Address, Subject, SubjectKind, read_address, read_subject
from service.journal.models import Recorded
from service.kit.database import Database

_log = structlog.stdlib.get_logger("milepost.feeds")

PAGES_KEPT = 256 * 1024 * 1024  # bytes of compressed bodies
EXTRAS_KEPT = 64 * 1024 * 1024  # bytes of other encodings; they can be made from the compressed ones at any time
SHOWN_KEPT = 200_000  # entries of which pages remember that they show them
SLOTS_KEPT = 100_000
FORMS_KEPT = 64  # ways in which one subject is shown
LOOKS_EVERY = 1.0  # seconds
FETCHES_EVERY = 30.0  # seconds between two writings of the link ledger


class Desk:
    """Hands out pages. One a process; processes share nothing but the database. `now` asks the clock, in UTC, `seconds`
    asks it in POSIX seconds.

    A slot whose page and link are both good at this moment can go out at once, unless `suspect` says that something has
    changed: the polled path looks at `slots` itself. Everything else goes through `find`.
    """

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        zone: ZoneInfo,
        public_url: str,
        secret: Callable[[], str],
        public_read: bool,
        seconds: Callable[[], float] | None = None,
        pages_kept: int = PAGES_KEPT,
        kept_in: Path | None = None,
    ) -> None:
        self.counts = Counts()
        self.fetched: dict[tuple[OpenLink, bytes | None], tuple[float, int]] = {}
        self._ledger = Ledger(database)
        self.reserve = Reserve(kept_in)
        self.maker = Maker(database, public_url=public_url, zone=zone)
        self._database = database
        self.now = now
        self.seconds = seconds or (lambda: now().timestamp())
        self._zone = zone
        self._reach = Reach()
        self._links = Links(
            database,
            self._reach,
            self.reserve,
            secret=secret,
            public_read=public_read,
            zone=zone,
            is_blank=self.is_blank,
        )
        self.slots: dict[str | tuple[str, bytes], Slot] = {}  # by path, and query where there is one
        self._pages: dict[Subject, dict[PageKey, Page]] = {}
        self._bodies: Shelf[Page, Page] = Shelf(limit=pages_kept, dropped=forget_body, spared=Page.was_used)
        self._shown: Shelf[Page, Page] = Shelf(limit=SHOWN_KEPT, dropped=forget_shown)
        self._extras: Shelf[tuple[Page, Encoding], Page] = Shelf(limit=EXTRAS_KEPT, dropped=forget_extra)
        self.suspect = self._heard = False
        self._known: dict[str, int] | None = None
        self._turned_on: date | None = None
        self._looking: asyncio.Task[None] | None = None
        self._pause_until = 0.0
        self.stopping = asyncio.Event()

    async def find(self, path: str, query: bytes) -> Page | Refusal:
        """The page at an address, made anew where it has to be. Never raises."""
        key = (path, query) if query else path
        try:
            await self._catch_up()
            slot = self.slots.get(key)
            if slot is None or slot.page.retired or not slot.link.fresh:
                found = await self._open(path, query)
                if isinstance(found, Refusal):
                    return found
                slot = found
                bound(self.slots, SLOTS_KEPT)
                self.slots[key] = slot
            if slot.link.revoked or self.now() >= slot.link.until:
                return GONE
            return await self._refresh(slot.page)
        except Exception:  # noqa: BLE001 - a robot that is answered 500 once may never come back
            _log.exception("a feed could not be made")
            kept = self.slots.get(key)
            return kept.page if kept is not None and kept.page.body is not None else AWAY

    async def show(self, subject: Subject, form: Form) -> Page | Refusal:
        """The page of a subject, for those inside who need no address. Never raises."""
        await self._catch_up()
        return await self._refresh(self._page(PageKey(subject, form)))

    async def open_link(self, token: str) -> OpenLink | Refusal:
        """What a token opens now, for other doors than that of feeds: GONE once it is closed, AWAY while nobody knows.
        Never raises."""
        await self._catch_up()
        link = await self._links.open(Address(token=token), exists=self._missing)
        if isinstance(link, OpenLink) and (link.revoked or self.now() >= link.until):
            return GONE
        return link

    async def answer(self, page: Page, encoding: Encoding) -> Answer:
        """A page's answer in an encoding that was not asked for yet. Its body must be there."""
        body = page.body
        assert body is not None
        found = await asyncio.to_thread(body.make, encoding)
        body.answers[encoding] = found
        self._extras.put((page, encoding), page, weight=len(found.body))
        return found

    async def _open(self, path: str, query: bytes) -> Slot | Refusal:
        address = read_address(path)
        if address is None:
            return UNKNOWN
        link: OpenLink | Refusal = await self._links.open(address, exists=self._missing)
        if isinstance(link, Refusal):
            return link
        form = read_query(query, default=link.form)
        if form is None or (link.subject.kind is SubjectKind.HOLIDAYS and form != Form(lang=form.lang)):
            return UNKNOWN
        if address.year:
            form = replace(form, year=address.year)
        return Slot(link, self._page(PageKey(link.subject, form, link.notice)))

    async def _missing(self, subject: Subject) -> Refusal | None:
        """Why there is no such subject; making its page tells, and whoever asks will want that page."""
        found = await self._refresh(self._page(PageKey(subject, Form())))
        if found is UNKNOWN:
            del self._pages[subject]
        return found if isinstance(found, Refusal) else None

    def _page(self, key: PageKey) -> Page:
        pages = self._pages.setdefault(key.subject, {})
        if key not in pages:
            if len(pages) >= FORMS_KEPT:
                self._retire(pages.pop(next(iter(pages))))
            pages[key] = Page(key)
        return pages[key]

    def _retire(self, page: Page) -> None:
        """Forget the oldest page of a subject that is shown in very many ways; who asks for it again gets a new one."""
        page.retired = True
        self._bodies.drop(page)
        self._shown.drop(page)
        for encoding in page.body.answers if page.body is not None else ():
            self._extras.drop((page, encoding))
        page.stale()

    async def _refresh(self, page: Page) -> Page | Refusal:
        """See to it that a page is as good as it can be: new, or the last good one."""
        async with page.lock:
            today = self._today()
            holds = page.holds_until is None or today < page.holds_until
            if page.body is not None and page.fresh and holds:
                page.good_until = self._midnight_after(today)
            else:
                if self._reach.away:
                    await self._take_reserve(page)
                if not (page.body is not None and self._reach.pauses) and page.try_again_at <= monotonic():
                    refusal = await self._try_to_make(page, today)
                    if refusal is not None:
                        return refusal
            if page.body is None:
                return AWAY
            self.counts.last_good += not page.fresh
            return page

    async def _try_to_make(self, page: Page, today: date) -> Refusal | None:
        patience = PATIENCE if page.body is not None else LONG_PATIENCE
        try:
            made = await self._reach.ask(self._make(page, today), patience=patience)
        except Unreached:
            page.try_again_at = monotonic() + PAUSE
            await self._take_reserve(page)
            return None
        if not made and self.is_blank():
            await self._take_reserve(page)  # a database that holds nothing at all is one that was lost
        return None if made or (self.is_blank() and page.body is not None) else UNKNOWN

    async def _take_reserve(self, page: Page) -> None:
        """What this node last sent, where it has nothing in memory."""
        if page.body is None and (found := await self.reserve.page(page.key)):
            page.body, page.revision = found.body, found.revision
            self._bodies.put(page, page, weight=page.body.weight)

    def is_blank(self) -> bool:
        """Whether the database holds nothing that anybody entered: statutory days come with the service."""
        return self._known is not None and all(key.isupper() for key in self._known)

    async def _make(self, page: Page, today: date) -> bool:
        changes = page.changes
        made = await self.maker.make(page.key, today=today, before=page.body, shown=page.shown)
        if made is None:
            return False
        contents, body = made
        page.body = body
        page.revision, page.holds_until = contents.revision, contents.holds_until
        page.fresh = page.changes == changes
        page.shown = contents if page.fresh else None
        page.good_until = self._midnight_after(today) if page.fresh else LONG_AGO
        self._bodies.put(page, page, weight=body.weight)
        self.reserve.note_page(page.key, body, page.revision)
        self._shown.put(page, page, weight=len(contents.places) + 10)
        self.counts.made += 1
        return True

    # ── hearing of changes ───────────────────────────────────────────────────────────────────────────────────────────

    def hear(self, facts: Sequence[Recorded]) -> None:
        """This process has committed a change. The next poll asks the ledgers first, whatever the change was."""
        self.suspect = self._heard = bool(facts) or self.suspect
        self._links.forget_unknown()

    async def watch(self) -> None:
        """Look once a second, until `stopping` is set: what other processes commit is seen a second later."""
        while not self.stopping.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOKS_EVERY):
                    await self.stopping.wait()
                    return
            await self._catch_up(patience=LOOK_PATIENCE, always=True)
            with contextlib.suppress(Unreached):
                await self._reach.ask(self.maker.keep(), patience=LOOK_PATIENCE)
            await self.reserve.write()
            await self.write_ledger(patience=LOOK_PATIENCE, every=FETCHES_EVERY)

    async def close(self) -> None:
        """Let what is under way come to its end, and write down what was rendered, what went out, and to whom."""
        if self._looking is not None:
            await asyncio.wait({self._looking})
        with contextlib.suppress(Unreached):
            await self._reach.ask(self.maker.keep(), patience=LONG_PATIENCE)
        await self.reserve.write()
        self.reserve.close()
        await self.write_ledger(patience=LONG_PATIENCE)

    async def write_ledger(self, *, patience: float = LONG_PATIENCE, every: float = 0.0) -> None:
        """Write down who fetched what, if the last time is so many seconds ago. What cannot be written waits."""
        noted, self.fetched = self.fetched, {}
        self._ledger.take(noted)
        if self._ledger.is_due(every=every):
            with contextlib.suppress(Unreached):
                await self._reach.ask(self._ledger.write(), patience=patience)

    async def _catch_up(self, *, patience: float = PATIENCE, always: bool = False) -> None:
        """Look, where there is a reason to; wait for it as long as `patience` lasts. One look at a time.

        A look that was under way already may have read before the change that is to be seen: then another one follows.
        """
        end = monotonic() + patience
        while always or self.suspect or self._turned_on != self._today():
            if self._looking is None:
                if not always and monotonic() < self._pause_until:
                    return
                self._looking = asyncio.create_task(self._look_quietly(), name="feeds look")
            always = False
            await asyncio.wait({self._looking}, timeout=max(0.0, end - monotonic()))
            if monotonic() >= end:
                return

    async def _look_quietly(self) -> None:
        try:
            await self._reach.ask(self._look(), patience=LOOK_PATIENCE)
        except Unreached:
            self.suspect = True  # whatever happened meanwhile has to be looked for
            self._pause_until = monotonic() + PAUSE
        finally:
            self._looking = None

    async def _look(self) -> None:
        """Turn the page where the date has changed, then see whose numbers have moved."""
        today = self._today()
        if self._turned_on != today:
            await self._turn(today)
        self._heard = False  # of what is committed from here on; `suspect` stays until pages have been told
        async with self._database.read() as session:
            moved = await reading.read_moved(session, known=self._known)
        if moved.everything:
            self._forget_everything()
        self._links.stale(moved.feeds)
        for key, revision in moved.subjects.items():
            for page in self._pages.get(read_subject(key), {}).values():
                if page.revision != revision:
                    page.stale()
        self._known = moved.known
        self.suspect = self._heard

    def _forget_everything(self) -> None:
        """Another database, perhaps: a revision that is known from the one before may stand for another text in it."""
        self._links.all_stale()
        self.maker.forget()
        for page in (page for pages in self._pages.values() for page in pages.values()):
            page.start_over()

    async def _turn(self, today: date) -> None:
        async with self._database.read() as session:
            needed = await turning.needs_turning(session, today=today)
        if needed:
            async with self._database.write() as session:
                await turning.turn_page(session, today=today, zone=self._zone)
        self._turned_on = today

    def _today(self) -> date:
        return self.now().astimezone(self._zone).date()

    def _midnight_after(self, day: date) -> float:
        return midnight(day + timedelta(days=1), self._zone).timestamp()
