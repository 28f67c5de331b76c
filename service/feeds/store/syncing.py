"""Entries one by one, as CalDAV hands them out: what is shown, and what has changed since a point.

Beside `store/entries.py`, which answers for whole feeds, because these questions want other columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, false
from sqlmodel import col, select

from service.feeds.models import FeedEntry
from service.feeds.rules.subjects import Subject, SubjectKind
from service.kit.database import Session
from service.milestones.models import Assignment
from service.milestones.rules import NO_DATE

_COLUMNS: tuple[Any, ...] = tuple(
    getattr(FeedEntry, name)
    for name in ("uid", "revision", "revised_at", "created_at", "fingerprint", "state", "public", "sort_on")
)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Mark:
    """What tells an entry at a revision from itself at any other, and decides whether it is shown."""

    uid: str
    revision: int
    revised_at: datetime
    created_at: datetime
    fingerprint: str
    state: str
    public: bool
    sort_on: date


def _of(subject: Subject) -> list[ColumnElement[bool]]:
    """Which entries a subject has, those that have left among them."""
    match subject.kind:
        case SubjectKind.UNIT | SubjectKind.PUBLIC:
            return [col(FeedEntry.unit) == subject.code]
        case SubjectKind.PLAN:
            return [col(FeedEntry.unit).is_(None), col(FeedEntry.plan) == subject.code]
        case SubjectKind.JURISDICTION:
            return [col(FeedEntry.unit).is_(None), col(FeedEntry.jurisdiction) == subject.code]
        case SubjectKind.GROUP:
            named = select(col(Assignment.milestone)).where(col(Assignment.group_code) == subject.code)
            return [col(FeedEntry.unit).is_(None), col(FeedEntry.milestone).in_(named)]
        case SubjectKind.HOLIDAYS:
            return [false()]


async def marks_between(session: Session, subject: Subject, *, first: date, last: date, undated: bool) -> list[Mark]:
    """The entries of a subject that fall due between two days, by UID. `undated`: what has no date too."""
    due = col(FeedEntry.sort_on)
    within = due.between(first, last)
    query = select(*_COLUMNS).where(*_of(subject), (within | (due == NO_DATE)) if undated else within)
    return [Mark(*row) for row in await session.exec(query.order_by(col(FeedEntry.uid)))]


async def marks_changed(
    session: Session, subject: Subject, *, since: int, came: tuple[date, date], went: tuple[date, date]
) -> list[Mark]:
    """The entries of a subject that changed after the ledger stood at `since`, and those that fall due in one of two
    spans: what the window has let in (`came`: after the first day, up to the second) and out (`went`: from the first
    day, before the second). By UID.
    """
    due = col(FeedEntry.sort_on)
    entered = (due > came[0]) & (due <= came[1])
    left = (due >= went[0]) & (due < went[1])
    query = select(*_COLUMNS).where(*_of(subject), (col(FeedEntry.changed_in) > since) | entered | left)
    return [Mark(*row) for row in await session.exec(query.order_by(col(FeedEntry.uid)))]


async def rows_of(session: Session, subject: Subject, *, uids: Sequence[str]) -> list[FeedEntry]:
    """Those of these entries that the subject has, whole, as they are now."""
    found: list[FeedEntry] = []
    for start in range(0, len(uids), BATCH):
        query = select(FeedEntry).where(*_of(subject), col(FeedEntry.uid).in_(uids[start : start + BATCH]))
        found += await session.exec(query.execution_options(populate_existing=True))
    return found


async def rows_between(
    session: Session, subject: Subject, *, first: date, last: date, undated: bool
) -> list[FeedEntry]:
    """The entries of a subject that fall due between two days, whole, by UID. `undated`: what has no date too."""
    due = col(FeedEntry.sort_on)
    within = due.between(first, last)
    query = select(FeedEntry).where(*_of(subject), (within | (due == NO_DATE)) if undated else within)
    found = await session.exec(query.order_by(col(FeedEntry.uid)).execution_options(populate_existing=True))
    return list(found)
