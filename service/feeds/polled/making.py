"""Making bodies: from kept blocks, from bytes that some process rendered, and from facts."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from service.feeds.actions import reading
from service.feeds.actions.reading import Contents, View
from service.feeds.cache import Block, Body, Shelf, compose, wanting, zones_of
from service.feeds.models import FeedEntry
from service.feeds.polled.adding import Added, Adding
from service.feeds.polled.pages import PageKey
from service.feeds.render.calendar import FOOT, Head, render_head
from service.feeds.render.entry import Entry, render_entry
from service.feeds.rules import texts
from service.feeds.rules.facts import LAYOUT, EntryFacts, clean_line, from_mapping
from service.feeds.rules.forms import Component, Form, Switch
from service.feeds.rules.phase import Phase, next_stamp
from service.feeds.rules.runs import Run, split
from service.feeds.rules.subjects import Subject, SubjectKind, page_of
from service.feeds.store.entries import Rendering
from service.kit.database import Database, Session

BLOCKS_KEPT = 64 * 1024 * 1024  # bytes, for each form
AT_ONCE = 20  # more entries than these are rendered beside the event loop
FEW = 3  # so many are rendered, after an edit, sooner than it takes to ask whether somebody has
UNKEPT = 50_000  # renderings that wait to be written down; what comes beyond is rendered again when it is needed
BATCH = 500
_ZONE = b";TZID="


class Maker:
    """Makes bodies. Blocks of entries are kept in memory, and written down for other processes by `keep`."""

    def __init__(self, database: Database, *, public_url: str, zone: ZoneInfo) -> None:
        self._database = database
        self._public_url = public_url
        self._zone = zone
        # What the bytes of an entry depend on beside its facts and its form.
        self._adding = Adding(public_url=public_url, zone=zone)
        self._setting = hashlib.blake2b(f"{LAYOUT}\n{public_url}".encode(), digest_size=8).hexdigest()
        self._blocks: dict[str, Shelf[str, Block]] = defaultdict(lambda: Shelf(limit=BLOCKS_KEPT))  # by form
        self._unkept: dict[tuple[str, str], Rendering] = {}
        self.rendered = 0

    async def make(
        self, key: PageKey, *, today: date, before: Body | None, shown: Contents | None
    ) -> tuple[Contents, Body] | None:
        """A page's contents and body today; None where there is no such thing. Raises Unavailable.

        `before` and `shown` are what the page had: what did not change is taken from them.
        """
        view = view_of(key.form, today, zone=self._zone)
        async with self._database.read() as session:
            read = await self._read(session, key.subject, view, shown=shown)
            if read is None:
                return None
            contents, changed = read
            added = await self._adding.add(session, contents, key, today=today)
            runs = split(added.placed(contents.places)) if added.blocks else contents.runs
            blocks, missing = await self._known_blocks(session, contents, runs, key.form, added=added, before=before)
            unread = [uid for uid in missing if uid not in changed]
            entries = [*await reading.read_entries(session, uids=unread), *changed.values()]
        wanted = [each for each in entries if each.uid not in blocks and each.uid not in added.hidden]
        blocks |= await self._render(wanted, key.form)
        changed_at = max(contents.changed_at, next_stamp(None, key.notice.at)) if key.notice else contents.changed_at
        head = self._head(contents, key.form, zones_of(runs, blocks, before), changed_at=changed_at)
        return contents, compose(head, runs, blocks, FOOT, changed_at=changed_at, before=before)

    async def _read(
        self, session: Session, subject: Subject, view: View, *, shown: Contents | None
    ) -> tuple[Contents, dict[str, FeedEntry]] | None:
        """A page's contents, and those of its entries that were read on the way."""
        if subject.kind is SubjectKind.HOLIDAYS:
            return await reading.read_overlay(session, subject=subject, view=view), {}
        changes = await reading.read_changes(session, shown, view=view) if shown is not None else None
        if changes is not None:
            return changes[0], {each.uid: each for each in changes[1]}
        contents = await reading.read_contents(session, subject=subject, view=view)
        return (contents, {}) if contents is not None else None

    @property
    def setting(self) -> str:
        """What the bytes of an entry depend on beside its facts and its form."""
        return self._setting

    async def blocks_of(self, session: Session, entries: Sequence[FeedEntry], form: Form) -> dict[str, Block]:
        """The bytes of entries, one by one, by UID: for whoever hands them out without a feed around them."""
        blocks = self._blocks[form.key].get_all(each.uid for each in entries)
        found = {each.uid: blocks[each.uid] for each in entries if _is_at(each, blocks.get(each.uid))}
        unknown = {each.uid: each for each in entries if each.uid not in found}
        for kept in await reading.read_renderings(session, uids=[*unknown], form=form.key, setting=self._setting):
            if kept.revision == unknown[kept.uid].revision:
                found[kept.uid] = self._shelve(kept, form.key)
        return found | await self._render([each for uid, each in unknown.items() if uid not in found], form)

    def forget(self) -> None:
        """Use no bytes again that were rendered so far."""
        self._blocks.clear()
        self._unkept.clear()
        self._adding.forget()

    async def _known_blocks(
        self,
        session: Session,
        contents: Contents,
        runs: Sequence[Run],
        form: Form,
        *,
        added: Added,
        before: Body | None,
    ) -> tuple[dict[str, Block], list[str]]:
        """Of the blocks that are wanted: those in memory or written down, and the UIDs of those that nobody has
        rendered yet. Whether others have is not asked after an edit of a few."""
        wanted, kind = [uid for uid in wanting(runs, before) if uid not in added.blocks], form.key
        revisions = {uid: contents.places[uid].revision for uid in wanted}
        kept_here = self._blocks[kind].get_all(wanted)
        found = {uid: block for uid, block in kept_here.items() if block.revision == revisions[uid]} | added.blocks
        elsewhere = [uid for uid in wanted if uid not in found]
        if len(elsewhere) <= (FEW if before else 0):
            return found, elsewhere
        for kept in await reading.read_renderings(session, uids=elsewhere, form=kind, setting=self._setting):
            if kept.revision == revisions[kept.uid]:
                found[kept.uid] = self._shelve(kept, kind)
        return found, [uid for uid in elsewhere if uid not in found]

    async def _render(self, entries: Sequence[FeedEntry], form: Form) -> dict[str, Block]:
        made = [_entry(row) for row in entries]
        if len(made) > AT_ONCE:
            renderings = await asyncio.to_thread(self._render_all, made, form)
        else:
            renderings = self._render_all(made, form)
        for rendering in renderings:
            if len(self._unkept) < UNKEPT:
                self._unkept[rendering.uid, rendering.form] = rendering
        self.rendered += len(renderings)
        return {each.uid: self._shelve(each, form.key) for each in renderings}

    def _render_all(self, entries: Sequence[Entry], form: Form) -> list[Rendering]:
        kind = form.key
        return [
            Rendering(
                uid=each.uid,
                form=kind,
                revision=each.revision,
                setting=self._setting,
                block=render_entry(each, form, public_url=self._public_url),
            )
            for each in entries
        ]

    def _shelve(self, rendering: Rendering, kind: str) -> Block:
        block = Block(rendering.uid, rendering.revision, rendering.block, _zones(rendering.block))
        self._blocks[kind].put(block.uid, block, weight=block.weight)
        return block

    def _head(self, contents: Contents, form: Form, zones: Collection[str], *, changed_at: datetime) -> bytes:
        name = clean_line(contents.name)
        if contents.subject.kind is SubjectKind.HOLIDAYS:
            name, told = texts.overlay_words(contents.subject.code, form.lang)
        else:
            told = texts.feed_description(contents.subject, name, form.window, form.lang)
        head = Head(
            name=texts.feed_name(name, form.window, form.lang),
            description=told,
            url=self._public_url + page_of(contents.subject),
            color=texts.FEED_COLOR,
            lang=form.lang,
            zone=self._zone.key,
            zones=tuple(sorted(zones)),
        )
        return render_head(head, changed_at=changed_at)

    async def keep(self) -> None:
        """Write down what was rendered, for other processes and for after a restart. Raises Unavailable, Conflict."""
        while self._unkept:
            batch = [self._unkept[key] for key in list(self._unkept)[:BATCH]]
            async with self._database.write() as session:
                await reading.keep_renderings(session, renderings=batch)
            for each in batch:
                if self._unkept.get((each.uid, each.form)) is each:
                    del self._unkept[each.uid, each.form]


def view_of(form: Form, today: date, *, zone: ZoneInfo) -> View:
    """Which entries a form shows today."""
    return View(
        form.window,
        today,
        undated=form.component is Component.VTODO and not form.year,
        zone=zone,
        weekly=form.changes is Switch.ON,
    )


def _is_at(row: FeedEntry, block: Block | None) -> bool:
    return block is not None and block.revision == row.revision


def _entry(row: FeedEntry) -> Entry:
    facts: EntryFacts = from_mapping(row.facts)
    return Entry(
        uid=row.uid,
        revision=row.revision,
        revised_at=row.revised_at,
        created_at=row.created_at,
        facts=facts,
        phase=Phase(row.light, "active" if row.state == "active" else "ended", moved=row.moved),
    )


def _zones(lines: bytes) -> tuple[str, ...]:
    """The zones that an entry's times name. The parameter follows right after the property's name, before any fold."""
    if _ZONE not in lines:
        return ()
    parts = lines.split(_ZONE)[1:]
    return tuple(dict.fromkeys(part.partition(b":")[0].decode() for part in parts))
