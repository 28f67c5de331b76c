"""How the numbers of a board are counted: by the database, a few queries whatever the number of units."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import case, exists, func
from sqlalchemy import select as select_columns
from sqlmodel import col, select

from service.kit.database import Session
from service.milestones.models import Assignment, Milestone, Occurrence, OccurrenceUnit
from service.milestones.rules import SOON
from service.plans.models import Plan
from service.progress.models import Progress
from service.progress.rules import FINISHED
from service.reports.rules.board import Tally


async def tally_plans(session: Session, plans: Collection[str], *, today: date) -> dict[str, Tally]:
    """How each of these plans stands."""
    query: Any = (
        select_columns(col(Occurrence.plan), *_numbers(today))
        .where(col(Occurrence.plan).in_(plans), col(Occurrence.status) == "active")
        .group_by(Occurrence.plan)
    )
    counted = {row[0]: row[1:] for row in await session.exec(query)}
    milestones = await _count_milestones(session, plans)
    return {slug: _tally(counted.get(slug), milestones=milestones.get(slug, 0)) for slug in plans}


async def _count_milestones(session: Session, plans: Collection[str]) -> dict[str, int]:
    query = (
        select(Milestone.plan, func.count())
        .where(col(Milestone.plan).in_(plans), Milestone.status == "active")
        .group_by(Milestone.plan)
    )
    return dict((await session.exec(query)).all())


async def tally_units(session: Session, units: Collection[str], *, today: date, public_only: bool) -> dict[str, Tally]:
    """What each of these units has not finished, as a member of groups too."""
    mine = (col(Progress.occurrence) == col(OccurrenceUnit.occurrence)) & (
        col(Progress.unit) == col(OccurrenceUnit.unit)
    )
    query: Any = (
        select_columns(col(OccurrenceUnit.unit), *_numbers(today))
        .join(Occurrence, col(Occurrence.id) == OccurrenceUnit.occurrence)
        .outerjoin(Progress, mine)
        .where(col(OccurrenceUnit.unit).in_(units), col(Occurrence.status) == "active")
        .where(func.coalesce(col(Progress.status), "").not_in([each.value for each in FINISHED]))
        .group_by(OccurrenceUnit.unit)
    )
    counted = {row[0]: row[1:] for row in await session.exec(_seen(query, public_only=public_only))}
    return {code: _tally(counted.get(code)) for code in units}


def _numbers(today: date) -> tuple[Any, ...]:
    due_on = col(Occurrence.due_on)
    return (
        func.count(),
        func.sum(case((due_on < today, 1), else_=0)),
        func.sum(case(((due_on >= today) & (due_on <= today + SOON), 1), else_=0)),
        func.min(case((due_on >= today, due_on))),
    )


def _tally(row: Sequence[Any] | None, *, milestones: int = 0) -> Tally:
    if row is None:
        return Tally(milestones=milestones)
    dates, past, soon, next_on = row
    return Tally(int(dates), int(past), int(soon), next_on, milestones)


def _seen(query: Any, *, public_only: bool) -> Any:
    """What anybody may read, or everything."""
    if not public_only:
        return query
    public = select(Plan.slug).where(Plan.visibility == "public", Plan.status != "draft")
    return query.where(col(Occurrence.plan).in_(public))


async def count_by_day(
    session: Session, *, first: date, last: date, jurisdiction: str | None, public_only: bool
) -> Mapping[date, int]:
    """How many occurrences fall due on each day from one to another."""
    query = (
        select(col(Occurrence.sort_on), func.count())
        .where(Occurrence.sort_on >= first, Occurrence.sort_on <= last, col(Occurrence.status) == "active")
        .group_by(col(Occurrence.sort_on))
    )
    if jurisdiction is not None:
        query = query.where(Occurrence.jurisdiction == jurisdiction)
    return dict((await session.exec(_seen(query, public_only=public_only))).all())


async def latest_past(
    session: Session, unit: str, *, today: date, public_only: bool, limit: int
) -> Sequence[Occurrence]:
    """What a unit should have done before a day, the latest first."""
    held = select(OccurrenceUnit.occurrence).where(OccurrenceUnit.unit == unit)
    query = (
        select(Occurrence)
        .where(col(Occurrence.id).in_(held), Occurrence.sort_on < today, col(Occurrence.status) == "active")
        .order_by(col(Occurrence.sort_on).desc(), col(Occurrence.id))
        .limit(limit)
    )
    found: Sequence[Occurrence] = (await session.exec(_seen(query, public_only=public_only))).all()
    return found


async def milestones_without_dates(
    session: Session, unit: str, *, groups: Collection[str], public_only: bool
) -> Sequence[Milestone]:
    """Active milestones that name a unit, or one of these groups, and of which nobody knows when they fall due."""
    named = select(Assignment.milestone).where(
        (col(Assignment.unit_code) == unit) | col(Assignment.group_code).in_(groups)
    )
    dated = select(Occurrence.id).where(Occurrence.milestone == Milestone.id, col(Occurrence.status) == "active")
    plans = select(Plan.slug).where(Plan.status != "archived")
    if public_only:
        plans = plans.where(Plan.visibility == "public", Plan.status != "draft")
    query = (
        select(Milestone)
        .where(col(Milestone.id).in_(named), Milestone.status == "active", col(Milestone.plan).in_(plans))
        .where(~exists(dated.correlate(Milestone)))
        .order_by(col(Milestone.plan), col(Milestone.position))
    )
    return (await session.exec(query)).all()
