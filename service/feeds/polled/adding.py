"""What stands in a feed beside its entries: roll-ups, changes of the week, notices, the greeting; and the overlay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from zlib import crc32
from zoneinfo import ZoneInfo

from service.feeds.actions import reading
from service.feeds.actions.reading import Contents
from service.feeds.cache import Block, Shelf
from service.feeds.models import FeedEntry
from service.feeds.polled.pages import PageKey
from service.feeds.render.entry import render_greeting
from service.feeds.render.extra import render_extra
from service.feeds.rules import extras
from service.feeds.rules.extras import Edit, Extra, Feed, Line
from service.feeds.rules.facts import from_mapping, greeting_uid
from service.feeds.rules.forms import Component, Expand, Form, Language, Switch
from service.feeds.rules.overlay import overlay
from service.feeds.rules.phase import Phase, midnight, monday_of
from service.feeds.rules.runs import Place
from service.feeds.rules.subjects import SubjectKind, page_of
from service.kit.database import Session

LINES_KEPT = 20_000
EDITS_READ = 500
_ROLLING = frozenset({SubjectKind.UNIT, SubjectKind.PUBLIC})


@dataclass(slots=True)
class Added:
    """Blocks that are added to a feed, by UID, with their days; and the entries that they stand for."""

    blocks: dict[str, Block] = field(default_factory=dict)
    days: dict[str, date] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    def add(self, uid: str, on: date, lines: bytes) -> None:
        """Add one. What it says decides about its revision: for nothing else does a run have to be made again."""
        self.blocks[uid] = Block(uid, crc32(lines), lines)
        self.days[uid] = on

    def placed(self, places: Mapping[str, Place]) -> dict[str, Place]:
        """What is shown in the end, in the feed's order."""
        shown = {uid: place for uid, place in places.items() if uid not in self.hidden}
        shown |= {uid: Place(block.revision, self.days[uid]) for uid, block in self.blocks.items()}
        return dict(sorted(shown.items(), key=lambda each: (each[1].sort_on, each[0])))


class Adding:
    """Makes what is added. Entries as lines of roll-ups are kept in memory."""

    def __init__(self, *, public_url: str, zone: ZoneInfo) -> None:
        self._public_url = public_url
        self._zone = zone
        self._lines: Shelf[tuple[str, Language], tuple[int, Line]] = Shelf(limit=LINES_KEPT)

    def forget(self) -> None:
        """Use nothing again that was read so far."""
        self._lines = Shelf(limit=LINES_KEPT)

    async def add(self, session: Session, contents: Contents, key: PageKey, *, today: date) -> Added:
        """Everything that is added to a feed today."""
        added, feed = Added(), self._feed(contents, key.form)
        for extra in await self._extras(session, contents, key, feed, added=added, today=today):
            added.add(extra.uid, extra.on, render_extra(extra, key.form))
        if not contents.places and not added.blocks:
            self._greet(contents, key.form, added)
        return added

    async def _extras(
        self, session: Session, contents: Contents, key: PageKey, feed: Feed, *, added: Added, today: date
    ) -> Sequence[Extra]:
        form, made = key.form, list[Extra]()
        if contents.subject.kind is SubjectKind.HOLIDAYS:
            calendar, supplied = await reading.read_statutory(session, region=contents.subject.code)
            return overlay(feed, calendar, supplied, today)
        if contents.subject.kind in _ROLLING and form.component is Component.VEVENT and form.expand is Expand.CLIFFS:
            for day, uids in extras.cliffs(contents.places, above=form.rollup).items():
                made.append(extras.rolled_up(feed, day, await self._lines_of(session, uids, contents, form.lang)))
                added.hidden.update(uids)
        if form.changes is Switch.ON and (edits := await self._edits(session, contents, form.lang, today=today)):
            made.append(extras.changes_of_the_week(feed, monday_of(today), edits))
        if key.notice is not None:
            made.append(extras.notice(feed, key.notice))
        return made

    async def _lines_of(self, session: Session, uids: Sequence[str], contents: Contents, lang: Language) -> list[Line]:
        found: dict[str, Line] = {}
        for uid in uids:
            kept = self._lines.get((uid, lang))
            if kept is not None and kept[0] == contents.places[uid].revision:
                found[uid] = kept[1]
        for row in await reading.read_entries(session, uids=[uid for uid in uids if uid not in found]):
            found[row.uid] = line = extras.line_of(from_mapping(row.facts), _phase(row), lang)
            self._lines.put((row.uid, lang), (row.revision, line), weight=1)
        return list(found.values())

    async def _edits(self, session: Session, contents: Contents, lang: Language, *, today: date) -> list[Edit]:
        since_on = monday_of(today)
        since = midnight(since_on, self._zone)
        rows = await reading.read_edited(session, subject=contents.subject, since=since, limit=EDITS_READ)
        return [
            extras.edit_since(
                from_mapping(row.facts),
                _phase(row),
                lang,
                created_at=row.created_at,
                since_on=since_on,
                since=since,
            )
            for row in rows
        ]

    def _greet(self, contents: Contents, form: Form, added: Added) -> None:
        uid = greeting_uid(str(contents.subject))
        day = contents.created_at.astimezone(self._zone).date()
        url = self._public_url + page_of(contents.subject)
        added.add(uid, day, render_greeting(uid, on=day, at=contents.created_at, form=form, url=url))

    def _feed(self, contents: Contents, form: Form) -> Feed:
        return Feed(
            subject=contents.subject,
            lang=form.lang,
            revision=contents.revision,
            created_at=contents.created_at,
            changed_at=contents.changed_at,
            url=self._public_url + page_of(contents.subject),
        )


def _phase(row: FeedEntry) -> Phase:
    return Phase(row.light, "active" if row.state == "active" else "ended", moved=row.moved)
