"""Entries one by one, for the CalDAV door: what a link shows, each with its ETag, and what changed since the last time.

Beside the desk, which hands out whole feeds: programs that synchronise want only what differs. Links, time zones and
the bytes of entries are the desk's and its maker's.
"""

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from service.feeds.actions import syncing
from service.feeds.actions.reading import View
from service.feeds.actions.syncing import StaleToken, name_of
from service.feeds.models import FeedEntry
from service.feeds.polled.desk import Desk
from service.feeds.polled.pages import OpenLink
from service.feeds.polled.reach import LONG_PATIENCE, PATIENCE, Reach, Unreached
from service.feeds.polled.synced import Changes, Collection, Member, Memory, Resource, Told
from service.feeds.render.resource import render_resource, render_zone
from service.feeds.rules import texts
from service.feeds.rules.facts import DOMAIN, clean_line, from_mapping
from service.feeds.rules.forms import Component
from service.feeds.rules.spans import ALWAYS, Span, span_of
from service.feeds.rules.syncing import Point, SyncToken, read_token, spell_token
from service.feeds.rules.window import Window
from service.feeds.store.subjects import Standing
from service.feeds.store.syncing import Mark
from service.kit.database import Database, Session

ONE_ANSWER = 5_000  # entries of a difference at most; the rest comes when the program asks again

Found = TypeVar("Found")


class Resources:
    """Answers for one process. Where the database gives no answer, what was told last is told again; where nothing was,
    everything raises Unreached."""

    def __init__(self, database: Database, desk: Desk, *, zone: ZoneInfo) -> None:
        self._database = database
        self._desk = desk
        self._zone = zone
        self._reach = Reach()
        self._memory = Memory()

    async def collection(self, link: OpenLink) -> Collection | None:
        """The calendar that a link opens; None: its subject is no more."""
        found = await self._ask(link, lambda: self._collection(link), last=lambda told: told.collection)
        if found is None and self._desk.is_blank():
            raise Unreached
        return found

    async def members(self, link: OpenLink) -> Sequence[Member]:
        """Every entry of the calendar, by name."""
        return await self._ask(link, lambda: self._members(link), last=lambda told: told.members)

    async def resources(self, link: OpenLink, names: Sequence[str]) -> list[Resource]:
        """Those of these entries that the calendar has, with their bytes."""
        return await self._ask(link, lambda: self._resources(link, names, ALWAYS), last=lambda told: told.all_of(names))

    async def resources_between(self, link: OpenLink, span: Span) -> list[Resource]:
        """The entries of the calendar that fall into a span or near it, with their bytes, by name."""
        return await self._ask(link, lambda: self._resources(link, None, span), last=lambda _: None)

    async def changes(self, link: OpenLink, token: str, *, limit: int | None) -> Changes:
        """What differs from what the program has seen; an empty token: nothing yet. Raises StaleToken."""
        asked = None
        if token:
            asked = read_token(token, of=self._mark_of(link))
            if asked is None:
                raise StaleToken
        most = min(limit or ONE_ANSWER, ONE_ANSWER)
        found = await self._ask(link, lambda: self._changes(link, asked, most), last=lambda told: told.since(token))
        if found is None:
            raise Unreached if self._desk.is_blank() else StaleToken
        return found

    async def _ask(
        self, link: OpenLink, question: Callable[[], Awaitable[Found]], *, last: Callable[[Told], Found | None]
    ) -> Found:
        """The answer of the database, or what was told last (None: nothing was). Raises Unreached."""
        told = self._memory.of(link.digest)
        known = last(told) if told is not None else None
        # A database that holds nothing at all is one that was lost, where this calendar had something in it.
        lost = told is not None and told.collection.revision > 0 and self._desk.is_blank()
        try:
            if lost or (known is not None and self._reach.pauses):
                raise Unreached
            return await self._reach.ask(question(), patience=LONG_PATIENCE if known is None else PATIENCE)
        except Unreached:
            if known is None:
                raise
            return known

    def note(self, link: OpenLink, agent: str | None, *, revision: int) -> None:
        """For the link ledger: a program has asked for the state of a calendar. What differs it fetches right after."""
        coded = agent.encode("latin-1") if agent is not None else None
        self._desk.fetched[link, coded] = self._desk.seconds(), revision

    async def _collection(self, link: OpenLink) -> Collection | None:
        async with self._database.read() as session:
            read = await syncing.read_standing(session, link.subject, view=self._view(link))
        return self._stands(link, *read) if read is not None else None

    def _stands(self, link: OpenLink, standing: Standing, point: Point) -> Collection:
        """The calendar in the state in which it was read; it is remembered."""
        lang, name = link.form.lang, clean_line(standing.name)
        found = Collection(
            subject=link.subject,
            name=name,
            description=texts.feed_description(link.subject, name, _window(link), lang),
            created_at=standing.created_at,
            changed_at=standing.changed_at,
            component=link.form.component,
            token=self._spelled(link, SyncToken(point)),
            revision=point.revision,
            zone=render_zone(self._zone.key, lang=lang),
        )
        self._memory.note_state(link.digest, found)
        return found

    async def _members(self, link: OpenLink) -> list[Member]:
        told = self._memory.of(link.digest)
        async with self._database.read() as session:
            marks = await syncing.read_marks(session, link.subject, view=self._view(link))
        found = [self._member(link, mark) for mark in marks]
        if told is not None:
            self._memory.note_members(link.digest, told, found)
        return found

    async def _resources(self, link: OpenLink, names: Iterable[str] | None, span: Span) -> list[Resource]:
        view, told = self._view(link), self._memory.of(link.digest)
        async with self._database.read() as session:
            if names is None:
                shown = await syncing.read_shown(session, link.subject, view=view)
                rows = [row for row in shown if span.is_near(row.sort_on)]
            else:
                uids = sorted({f"{name}@{DOMAIN}" for name in names})
                rows = await syncing.read_rows(session, link.subject, view=view, uids=uids)
            found = await self._rendered(session, link, rows)
        if told is not None:
            self._memory.note_resources(link.digest, told, found)
        return found

    async def _rendered(self, session: Session, link: OpenLink, rows: Sequence[FeedEntry]) -> list[Resource]:
        blocks = await self._desk.maker.blocks_of(session, rows, link.form)
        found = []
        for row in rows:
            block = blocks[row.uid]
            body = render_resource(block.lines, zones=block.zones, lang=link.form.lang)
            begins, ends = span_of(from_mapping(row.facts), link.form.component, zone=self._zone)
            found.append(Resource(self._member(link, row), begins, ends, block.lines, body))
        return found

    async def _changes(self, link: OpenLink, token: SyncToken | None, limit: int) -> Changes | None:
        view = self._view(link)
        async with self._database.read() as session:
            read = await syncing.read_standing(session, link.subject, view=view)
            if read is None:
                return None
            try:
                found = await syncing.read_difference(
                    session, link.subject, view=view, now=read[1], token=token, limit=limit
                )
            except StaleToken:  # an answer, not an outage: it must not be taken for one
                return None
        self._stands(link, *read)
        return Changes(
            members=tuple(self._member(link, each) for each in found.shown),
            gone=tuple(name_of(uid) for uid in found.gone),
            token=self._spelled(link, found.token),
            revision=found.token.seen.revision,
            cut=found.cut,
        )

    def _spelled(self, link: OpenLink, token: SyncToken) -> str:
        return spell_token(token, of=self._mark_of(link))

    def _mark_of(self, link: OpenLink) -> str:
        """What a token belongs to: the link, its form, and whatever else changes bytes without changing an entry."""
        window = _window(link)
        told = (link.feed, str(link.subject), link.form.key, self._desk.maker.setting, window.back, window.ahead)
        return hashlib.blake2b(repr(told).encode(), digest_size=8).hexdigest()

    def _member(self, link: OpenLink, entry: Mark | FeedEntry) -> Member:
        # Everything that the bytes follow from, so that the ETag is known before anything is rendered.
        told = (
            entry.uid,
            entry.revision,
            entry.revised_at.timestamp(),
            entry.created_at.timestamp(),
            entry.fingerprint,
            link.form.key,
            self._desk.maker.setting,
        )
        return Member(
            name=name_of(entry.uid),
            uid=entry.uid,
            tag=f'"{hashlib.blake2b(repr(told).encode(), digest_size=12).hexdigest()}"',
            component=link.form.component,
            created_at=entry.created_at,
            changed_at=entry.revised_at,
        )

    def _view(self, link: OpenLink) -> View:
        undated = link.form.component is Component.VTODO
        return View(_window(link), self._today(), undated=undated, zone=self._zone)

    def _today(self) -> date:
        return self._desk.now().astimezone(self._zone).date()


def _window(link: OpenLink) -> Window:
    return link.form.window
