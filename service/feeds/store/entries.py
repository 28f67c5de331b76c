"""Entries and their rendered bytes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, false, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from service.feeds.models import FeedEntry, FeedRendering
from service.feeds.rules.runs import Place
from service.feeds.rules.subjects import Subject, SubjectKind
from service.kit.database import Session
from service.milestones.models import Assignment
from service.milestones.rules import NO_DATE

BATCH = 500

# What is called off, or due at an hour, stands alone whatever else falls on its day.
ROLLS: Any = (col(FeedEntry.state) == "active") & col(FeedEntry.all_day)


@dataclass(frozen=True, slots=True)
class Rendering:
    """The bytes of an entry in one form."""

    uid: str
    form: str
    revision: int
    setting: str
    block: bytes


def belongs(subject: Subject) -> list[ColumnElement[bool]]:
    """Which entries a subject shows, whatever their dates."""
    shown = [col(FeedEntry.state) != "left"]
    match subject.kind:
        case SubjectKind.UNIT:
            return [*shown, col(FeedEntry.unit) == subject.code]
        case SubjectKind.PUBLIC:
            return [*shown, col(FeedEntry.unit) == subject.code, col(FeedEntry.public).is_(True)]
        case SubjectKind.PLAN:
            return [*shown, col(FeedEntry.unit).is_(None), col(FeedEntry.plan) == subject.code]
        case SubjectKind.JURISDICTION:
            return [*shown, col(FeedEntry.unit).is_(None), col(FeedEntry.jurisdiction) == subject.code]
        case SubjectKind.GROUP:
            named = select(col(Assignment.milestone)).where(col(Assignment.group_code) == subject.code)
            return [*shown, col(FeedEntry.unit).is_(None), col(FeedEntry.milestone).in_(named)]
        case SubjectKind.HOLIDAYS:
            return [false()]


async def places_of(session: Session, subject: Subject, *, first: date, last: date, undated: bool) -> dict[str, Place]:
    """The entries of a subject that fall due between two days, by due date and UID: UID → place, in this order.

    `undated`: what has no date too.
    """
    due = col(FeedEntry.sort_on)
    within = due.between(first, last)
    query = (
        select(col(FeedEntry.uid), col(FeedEntry.revision), due, ROLLS)
        .where(*belongs(subject), (within | (due == NO_DATE)) if undated else within)
        .order_by(due, col(FeedEntry.uid))
    )
    return {uid: Place(revision, sort_on, rolls=rolls) for uid, revision, sort_on, rolls in await session.exec(query)}


def edges_of(subject: Subject, *, first: date, last: date) -> list[Any]:
    """The due dates of a subject around the borders of what is between two days, as columns of another question:
    the last before, the first and the last within, the first after."""
    due, mine = col(FeedEntry.sort_on), belongs(subject)
    within = due.between(first, last)
    sought = (
        select(func.max(due)).where(*mine, due < first),
        select(func.min(due)).where(*mine, within),
        select(func.max(due)).where(*mine, within),
        select(func.min(due)).where(*mine, due > last, due < NO_DATE),
    )
    names = ("gone", "first", "last", "coming")
    return [each.scalar_subquery().label(name) for each, name in zip(sought, names, strict=True)]


async def entries_of(session: Session, milestones: Collection[str]) -> dict[str, FeedEntry]:
    """Every entry of these milestones, by UID, as it is now."""
    query = select(FeedEntry).where(col(FeedEntry.milestone).in_(milestones)).execution_options(populate_existing=True)
    return {row.uid: row for row in (await session.exec(query))}


async def entries_by_uid(session: Session, uids: Sequence[str]) -> list[FeedEntry]:
    """Those of these entries that exist, as they are now."""
    found: list[FeedEntry] = []
    for start in range(0, len(uids), BATCH):
        query = select(FeedEntry).where(col(FeedEntry.uid).in_(uids[start : start + BATCH]))
        found += await session.exec(query.execution_options(populate_existing=True))
    return found


async def entries_edited(session: Session, subject: Subject, *, since: datetime, limit: int) -> Sequence[FeedEntry]:
    """The entries of a subject that came or were changed since an instant, by due date and UID."""
    lately = (col(FeedEntry.edited_at) >= since) | (col(FeedEntry.created_at) >= since)
    query = select(FeedEntry).where(*belongs(subject), lately)
    ordered = query.order_by(col(FeedEntry.sort_on), col(FeedEntry.uid)).limit(limit)
    return (await session.exec(ordered.execution_options(populate_existing=True))).all()


async def jurisdictions_to_turn(session: Session, today: date) -> Sequence[str]:
    """The jurisdictions in which the date has changed some entry since the page was last turned."""
    query = select(col(FeedEntry.jurisdiction)).where(col(FeedEntry.next_change_on) <= today).distinct()
    return sorted(await session.exec(query))


async def entries_to_turn(session: Session, jurisdiction: str, today: date) -> Sequence[FeedEntry]:
    """The entries of a jurisdiction that the date has changed."""
    query = (
        select(FeedEntry)
        .where(col(FeedEntry.jurisdiction) == jurisdiction, col(FeedEntry.next_change_on) <= today)
        .order_by(col(FeedEntry.uid))
        .execution_options(populate_existing=True)
    )
    return (await session.exec(query)).all()


async def groups_naming(session: Session, milestones: Collection[str]) -> dict[str, set[str]]:
    """Milestone → the groups that it names."""
    query = select(col(Assignment.milestone), col(Assignment.group_code)).where(
        col(Assignment.milestone).in_(milestones), col(Assignment.group_code).is_not(None)
    )
    found: dict[str, set[str]] = {}
    for milestone, group in await session.exec(query):
        found.setdefault(milestone, set()).add(group or "")
    return found


async def renderings_of(session: Session, uids: Sequence[str], *, form: str, setting: str) -> list[Rendering]:
    """The kept bytes of these entries in one form, at whatever revision they are."""
    found: list[Rendering] = []
    for start in range(0, len(uids), BATCH):
        query = select(col(FeedRendering.uid), col(FeedRendering.revision), col(FeedRendering.block)).where(
            col(FeedRendering.uid).in_(uids[start : start + BATCH]),
            col(FeedRendering.form) == form,
            col(FeedRendering.setting) == setting,
        )
        rows = await session.exec(query)
        found += [Rendering(uid, form, revision, setting, bytes(block)) for uid, revision, block in rows]
    return found


async def keep_renderings(session: Session, renderings: Sequence[Rendering]) -> None:
    """Keep bytes for other processes and for after a restart. The first of a revision wins; older ones give way."""
    if not renderings:
        return
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    new = insert(FeedRendering)
    newer = (new.excluded.revision > col(FeedRendering.revision)) | (new.excluded.setting != col(FeedRendering.setting))
    query = new.on_conflict_do_update(
        index_elements=["uid", "form"],
        set_={name: getattr(new.excluded, name) for name in ("revision", "setting", "block")},
        where=newer,
    )
    # In one order: two processes that render the same entries must not wait for each other crosswise.
    ordered = sorted(renderings, key=lambda each: each.uid)
    await session.exec(
        query,
        params=[
            {
                "uid": each.uid,
                "form": each.form,
                "revision": each.revision,
                "setting": each.setting,
                "block": each.block,
            }
            for each in ordered
        ],
    )
