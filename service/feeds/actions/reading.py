"""Reading what a feed shows. Nothing here writes: a feed is polled, and a poll must never wait for a lock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo

from service.due.workdays import WorkCalendar
from service.feeds.models import FeedEntry
from service.feeds.rules.phase import midnight, monday_of
from service.feeds.rules.runs import Place, Run, moved, renewed, split
from service.feeds.rules.subjects import Subject, SubjectKind
from service.feeds.rules.window import Edges, Window, last_crossing, next_crossing
from service.feeds.store import entries as entry_store
from service.feeds.store import links as link_store
from service.feeds.store import subjects as subject_store
from service.feeds.store.entries import Rendering
from service.feeds.store.links import Link
from service.feeds.store.subjects import Standing
from service.holidays.actions import supplied_years, work_calendar
from service.holidays.rules import StatutoryYear
from service.kit.database import Session
from service.milestones.rules import NO_DATE

FIRST_YEAR = 2004  # of the statutory days that are known
FEW = 50  # more changes than these are not sorted in one by one


@dataclass(frozen=True, slots=True)
class Contents:
    """What a feed shows on a day: its entries in order (UID → place), and the runs in which they are compressed.

    `changed_at` becomes Last-Modified; `edges` are the due dates around the window's borders, and `holds_until` is the
    day on which it lets something in or out (None: never), before which nothing but a new revision changes the feed.
    `ledger` is how far the jurisdiction's had come.
    """

    subject: Subject
    name: str
    created_at: datetime
    revision: int
    changed_at: datetime
    ledger: int
    places: Mapping[str, Place]
    runs: tuple[Run, ...]
    edges: Edges
    day: date
    holds_until: date | None


@dataclass(frozen=True, slots=True)
class View:
    """Which part of what a subject has is looked at: the dates in the window around today, with or without what has
    no date. `zone` is where days begin. `weekly`: what is shown says what changed this week, so it ends with the week.
    """

    window: Window
    today: date
    undated: bool
    zone: tzinfo
    weekly: bool = False

    @property
    def first(self) -> date:
        """The earliest due date that is shown."""
        return self.window.first(self.today)

    @property
    def last(self) -> date:
        """The latest due date that is shown."""
        return self.window.last(self.today)

    def shows(self, entry: FeedEntry, subject: Subject) -> bool:
        """Whether an entry of the subject's is shown."""
        if entry.state == "left" or (subject.kind is SubjectKind.PUBLIC and not entry.public):
            return False
        return self.first <= entry.sort_on <= self.last or (self.undated and entry.sort_on == NO_DATE)


async def read_contents(session: Session, *, subject: Subject, view: View) -> Contents | None:
    """What a feed shows today; None where there is no such unit, plan, group or jurisdiction.

    The revision is read first: entries that change meanwhile then belong to a later one, and are read again.
    """
    edges = entry_store.edges_of(subject, first=view.first, last=view.last)
    standing = await subject_store.standing_of(session, subject, *edges)
    if standing is None:
        return None
    places = await entry_store.places_of(session, subject, first=view.first, last=view.last, undated=view.undated)
    return _contents(subject, standing, view, places=places, runs=split(places), edges=standing.edges)


async def read_changes(session: Session, before: Contents, *, view: View) -> tuple[Contents, list[FeedEntry]] | None:
    """What a feed shows after some edits, and the entries that changed. None: it has to be read whole, because much
    has changed, or because something has come or gone, which moves what stands around the window's borders.
    """
    if before.subject.kind is SubjectKind.GROUP or not _holds(before, view.today):
        return None
    found = await subject_store.changes_of(session, before.subject, since=before.ledger, limit=FEW + 1)
    if found is None:
        return None
    standing, changed = found
    stay = all(each.uid in before.places and view.shows(each, before.subject) for each in changed)
    if len(changed) > FEW or not stay:
        return None
    places = moved(before.places, {each.uid: place_of(each) for each in changed})
    dates = [place.sort_on for place in places.values() if place.sort_on != NO_DATE]
    edges = replace(before.edges, first=min(dates, default=None), last=max(dates, default=None))
    same_order = all(each.sort_on == before.places[each.uid].sort_on for each in changed)
    runs = renewed(before.runs, [each.uid for each in changed], places) if same_order else split(places)
    return _contents(before.subject, standing, view, places=places, runs=runs, edges=edges), changed


def place_of(entry: FeedEntry) -> Place:
    """An entry as a feed shows it."""
    return Place(entry.revision, entry.sort_on, rolls=entry.state == "active" and entry.all_day)


def _holds(contents: Contents, today: date) -> bool:
    return contents.day <= today and (contents.holds_until is None or today < contents.holds_until)


def _contents(
    subject: Subject,
    standing: Standing,
    view: View,
    *,
    places: Mapping[str, Place],
    runs: tuple[Run, ...],
    edges: Edges,
) -> Contents:
    crossed_on = last_crossing(view.window, edges)
    changed_at = standing.changed_at
    if crossed_on is not None and crossed_on <= view.today:
        changed_at = max(changed_at, midnight(crossed_on, view.zone))
    holds_until = _soonest(next_crossing(view.window, edges), view.today)
    if view.weekly:
        monday = monday_of(view.today)
        changed_at = max(changed_at, midnight(monday, view.zone))
        holds_until = min(holds_until or date.max, monday + timedelta(days=7))
    return Contents(
        subject=subject,
        name=standing.name,
        created_at=standing.created_at,
        revision=standing.revision,
        changed_at=changed_at,
        ledger=standing.ledger,
        places=places,
        runs=runs,
        edges=edges,
        day=view.today,
        holds_until=holds_until,
    )


def _soonest(day: date | None, today: date) -> date | None:
    return max(day, today + timedelta(days=1)) if day is not None else None


async def read_entries(session: Session, *, uids: Sequence[str]) -> list[FeedEntry]:
    """Entries whose bytes nobody has rendered yet."""
    return await entry_store.entries_by_uid(session, uids)


async def read_overlay(session: Session, *, subject: Subject, view: View) -> Contents:
    """A region's statutory days as a feed without entries of its own. Its revision rises with every new notice; what it
    shows changes with the year too."""
    revision, noted_at, ledger = await subject_store.revision_of(session, subject)
    year, since = view.today.year, midnight(date(view.today.year, 1, 1), view.zone)
    return Contents(
        subject=subject,
        name=subject.code,
        created_at=midnight(date(FIRST_YEAR, 1, 1), view.zone),
        revision=revision,
        changed_at=max(noted_at, since) if noted_at else since,
        ledger=ledger,
        places={},
        runs=(),
        edges=Edges(),
        day=view.today,
        holds_until=date(year + 1, 1, 1),
    )


async def read_statutory(session: Session, *, region: str) -> tuple[WorkCalendar, Sequence[StatutoryYear]]:
    """The work calendar of a region, and the years in it that operators supplied."""
    return await work_calendar(session, region), await supplied_years(session, region)


async def read_edited(session: Session, *, subject: Subject, since: datetime, limit: int) -> Sequence[FeedEntry]:
    """The entries that came or were changed since an instant, by due date and UID."""
    return await entry_store.entries_edited(session, subject, since=since, limit=limit)


async def read_renderings(session: Session, *, uids: Sequence[str], form: str, setting: str) -> list[Rendering]:
    """The bytes that some process has rendered of these entries."""
    return await entry_store.renderings_of(session, uids, form=form, setting=setting)


async def keep_renderings(session: Session, *, renderings: Sequence[Rendering]) -> None:
    """Keep bytes for other processes, and for after a restart."""
    await entry_store.keep_renderings(session, renderings)


async def read_link(session: Session, *, digest: str) -> Link | None:
    """What the token with this digest opens; None: nothing ever."""
    return await link_store.link_of(session, digest)


@dataclass(frozen=True, slots=True)
class Moved:
    """What has changed since somebody looked: subjects with their revisions, feeds; or nobody knows
    what (`everything`). `known` is how far the ledgers have come, for the next look.
    """

    known: dict[str, int]
    subjects: dict[str, int] = field(default_factory=dict)
    feeds: tuple[str, ...] = ()
    everything: bool = False


async def read_moved(session: Session, *, known: Mapping[str, int] | None) -> Moved:
    """What has changed since the ledgers stood at `known` (None: nobody has looked yet).

    Numbers that went back or away are those of another database: a backup was restored, and anything may differ.
    """
    reached = await subject_store.ledgers(session)
    if known is None or any(reached.get(jurisdiction, -1) < number for jurisdiction, number in known.items()):
        return Moved(known=reached, everything=True)
    subjects: dict[str, int] = {}
    feeds: list[str] = []
    for jurisdiction, number in reached.items():
        before = known.get(jurisdiction, 0)
        if number != before:
            for key, revision in await subject_store.changed_since(session, jurisdiction, before):
                if revision is None:
                    feeds.append(key)
                else:
                    subjects[key] = revision
    return Moved(known=reached, subjects=subjects, feeds=tuple(feeds))
