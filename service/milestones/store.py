"""How milestones and occurrences are found."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import exists, or_, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col, insert, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.database import Session
from service.kit.errors import NotFound
from service.kit.search import like
from service.milestones.models import Assignment, Milestone, Occurrence, OccurrenceUnit
from service.plans import store as plan_store
from service.plans.models import Plan
from service.units import store as unit_store
from service.units.rules import units_of

MOST_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which milestones or occurrences: every field that is given must match. `public_only`: what anybody may read."""

    plan: str | None = None
    unit: str | None = None
    role: str | None = None
    kind: str | None = None
    jurisdiction: str | None = None
    due_from: date | None = None
    due_to: date | None = None
    status: str | None = None
    q: str | None = None
    public_only: bool = False


async def get(session: Session, id: str, *, public_only: bool = False) -> Milestone:
    """One milestone, cancelled or not. Raises NotFound."""
    found = await session.get(Milestone, id)
    if found is None or (public_only and not await _public(session, found.plan)):
        raise NotFound(f"There is no milestone '{id}'.")
    return found


async def get_locked(session: Session, id: str) -> Milestone:
    """One milestone that nobody else can change until this transaction ends, nor its plan. Raises NotFound.

    The plan is locked first, as by everybody: two who lock in different orders would wait for each other.
    """
    found = await get(session, id)
    await plan_store.get_locked(session, found.plan)
    await session.refresh(found, with_for_update=True)
    return found


async def get_occurrence(session: Session, id: str, *, public_only: bool = False) -> Occurrence:
    """One occurrence, cancelled or not. Raises NotFound."""
    found = await session.get(Occurrence, id)
    if found is None or (public_only and not await _public(session, found.plan)):
        raise NotFound(f"There is no occurrence '{id}'.")
    return found


async def _public(session: Session, slug: str) -> bool:
    plan = await session.get(Plan, slug)
    return plan is not None and plan.visibility == "public" and plan.status != "draft"


async def list_milestones(
    session: Session, *, where: TaskFilter, after: tuple[str, int, str] | None, limit: int
) -> Sequence[Milestone]:
    """Milestones by plan and their place in it; those after (plan, position, id) first."""
    order = (col(Milestone.plan), col(Milestone.position), col(Milestone.id))
    query = select(Milestone).order_by(*order).limit(limit)
    if after is not None:
        query = query.where(tuple_(*order) > tuple_(*after))
    if where.status is not None:
        query = query.where(Milestone.status == where.status)
    if where.unit is not None or where.role is not None or where.due_from is not None or where.due_to is not None:
        inner = _narrow_occurrences(select(Occurrence.id).where(Occurrence.milestone == Milestone.id, _counts()), where)
        groups = await _groups_now(session, where.unit)
        query = query.where(exists(inner.correlate(Milestone)) | _undated(where, groups))
    narrowed: SelectOfScalar[Milestone] = _narrow_milestones(query, where)
    return (await session.exec(narrowed)).all()


def _counts() -> Any:
    """Whether an occurrence says who answers and when: an active one; where all were called off, they all do."""
    active = aliased(Occurrence)
    any_active = select(active.id).where(active.milestone == Milestone.id, active.status == "active")
    return or_(col(Occurrence.status) == "active", ~exists(any_active.correlate(Milestone)))


async def _groups_now(session: Session, unit: str | None) -> list[str]:
    """The groups that a unit belongs to without an end: what has no date is asked of their members."""
    if unit is None:
        return []
    membership = await unit_store.membership_below(session, await unit_store.groups_containing(session, [unit]))
    return [group for group in membership if unit in units_of(group, membership, on=None)]


def _undated(where: TaskFilter, groups: Collection[str]) -> Any:
    """Milestones without any occurrence (no date known) are found by their assignments; no date filter matches them."""
    if where.due_from is not None or where.due_to is not None:
        return Milestone.id.is_(None)  # type: ignore[attr-defined]  # never true: a primary key
    held = select(Assignment.id).where(Assignment.milestone == Milestone.id)
    if where.unit is not None:
        held = held.where((col(Assignment.unit_code) == where.unit) | col(Assignment.group_code).in_(groups))
    if where.role is not None:
        held = held.where(Assignment.role == where.role)
    return exists(held.correlate(Milestone)) & ~exists(
        select(Occurrence.id).where(Occurrence.milestone == Milestone.id).correlate(Milestone)
    )


def _narrow_milestones(query: Any, where: TaskFilter) -> Any:
    if where.plan is not None:
        query = query.where(Milestone.plan == where.plan)
    if where.kind is not None:
        query = query.where(Milestone.kind == where.kind)
    if where.jurisdiction is not None:
        query = query.where(Milestone.jurisdiction == where.jurisdiction)
    if where.q:
        query = query.where(col(Milestone.search_text).like(like(where.q), escape="\\"))
    if where.public_only:
        public = select(Plan.slug).where(Plan.visibility == "public", Plan.status != "draft")
        query = query.where(col(Milestone.plan).in_(public))
    return query


def _narrow_occurrences(query: Any, where: TaskFilter) -> Any:
    if where.due_from is not None:
        query = query.where(col(Occurrence.due_on) >= where.due_from)
    if where.due_to is not None:
        query = query.where(col(Occurrence.due_on) <= where.due_to)
    if where.unit is not None or where.role is not None:
        held = select(OccurrenceUnit.occurrence).where(OccurrenceUnit.occurrence == Occurrence.id)
        if where.unit is not None:
            held = held.where(OccurrenceUnit.unit == where.unit)
        if where.role is not None:
            held = held.where(OccurrenceUnit.role == where.role)
        query = query.where(exists(held.correlate(Occurrence)))
    return query


async def list_occurrences(
    session: Session, *, where: TaskFilter, after: tuple[date, str] | None, limit: int
) -> Sequence[Occurrence]:
    """Occurrences by due date (those without one last); those after (sort_on, id) first."""
    order = (col(Occurrence.sort_on), col(Occurrence.id))
    query = select(Occurrence).order_by(*order).limit(limit)
    if after is not None:
        query = query.where(or_(order[0] > after[0], (order[0] == after[0]) & (order[1] > after[1])))
    if where.plan is not None:
        query = query.where(Occurrence.plan == where.plan)
    if where.jurisdiction is not None:
        query = query.where(Occurrence.jurisdiction == where.jurisdiction)
    if where.status is not None:
        query = query.where(Occurrence.status == where.status)
    narrowed: SelectOfScalar[Occurrence] = _narrow_occurrences(query, where)
    if where.kind is not None or where.q or where.public_only:
        inner = _narrow_milestones(select(Milestone.id).where(Milestone.id == Occurrence.milestone), where)
        narrowed = narrowed.where(exists(inner.correlate(Occurrence)))
    return (await session.exec(narrowed)).all()


def _batches(ids: Collection[str]) -> Iterator[list[str]]:
    """Ids in portions: a statement binds some 32,000 values at most, on either database, and plans can be larger."""
    listed = list(ids)
    for start in range(0, len(listed), MOST_AT_ONCE):
        yield listed[start : start + MOST_AT_ONCE]


async def insert_rows(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write new rows at once: each has every column that has no default in the database. No session holds them."""
    if rows:
        connection = await session.connection()
        await connection.execute(insert(table), rows)


async def milestones_of(session: Session, plan: str) -> Sequence[Milestone]:
    """All milestones of a plan in its order, cancelled ones too."""
    order = (col(Milestone.position), col(Milestone.id))
    return (await session.exec(select(Milestone).where(Milestone.plan == plan).order_by(*order))).all()


async def milestones_by_id(session: Session, ids: Collection[str]) -> dict[str, Milestone]:
    """Those of `ids` that exist."""
    found: dict[str, Milestone] = {}
    for some in _batches(ids):
        rows = await session.exec(select(Milestone).where(col(Milestone.id).in_(some)))
        found |= {row.id: row for row in rows}
    return found


async def assignments_of(session: Session, milestones: Collection[str]) -> dict[str, list[Assignment]]:
    """The assignments of some milestones, in the document's order."""
    found: dict[str, list[Assignment]] = {id: [] for id in milestones}
    order = (col(Assignment.role), col(Assignment.position))
    for some in _batches(milestones):
        query = select(Assignment).where(col(Assignment.milestone).in_(some)).order_by(*order)
        for row in await session.exec(query):
            found[row.milestone].append(row)
    return found


async def occurrences_of(session: Session, milestones: Collection[str]) -> dict[str, list[Occurrence]]:
    """The occurrences of some milestones by due date, cancelled ones too."""
    found: dict[str, list[Occurrence]] = {id: [] for id in milestones}
    order = (col(Occurrence.sort_on), col(Occurrence.id))
    for some in _batches(milestones):
        query = select(Occurrence).where(col(Occurrence.milestone).in_(some)).order_by(*order)
        for row in await session.exec(query):
            found[row.milestone].append(row)
    return found


async def occurrences_by_id(session: Session, ids: Collection[str]) -> dict[str, Occurrence]:
    """Those of `ids` that exist."""
    found: dict[str, Occurrence] = {}
    for some in _batches(ids):
        rows = await session.exec(select(Occurrence).where(col(Occurrence.id).in_(some)))
        found |= {row.id: row for row in rows}
    return found


async def units_answering(session: Session, occurrences: Collection[str]) -> dict[str, list[OccurrenceUnit]]:
    """Who answers for some occurrences, in order."""
    found: dict[str, list[OccurrenceUnit]] = {id: [] for id in occurrences}
    for some in _batches(occurrences):
        query = select(OccurrenceUnit).where(col(OccurrenceUnit.occurrence).in_(some))
        for row in await session.exec(query.order_by(col(OccurrenceUnit.position))):
            found[row.occurrence].append(row)
    return found


async def codes_answering(session: Session, occurrences: Collection[str]) -> dict[str, list[str]]:
    """The codes of the units that answer for some occurrences, in order."""
    found: dict[str, list[str]] = {id: [] for id in occurrences}
    for some in _batches(occurrences):
        query = select(OccurrenceUnit.occurrence, OccurrenceUnit.unit).where(col(OccurrenceUnit.occurrence).in_(some))
        for occurrence, unit in await session.exec(query.order_by(col(OccurrenceUnit.position))):
            found[occurrence].append(unit)
    return found


async def active_milestones_naming(session: Session, code: str) -> Sequence[Milestone]:
    """Active milestones of plans in use that name a unit or group directly."""
    held = select(Assignment.milestone).where((Assignment.unit_code == code) | (Assignment.group_code == code))
    query = (
        select(Milestone)
        .join(Plan, col(Plan.slug) == Milestone.plan)
        .where(col(Milestone.id).in_(held), Milestone.status == "active", Plan.status != "archived")
        .limit(5)
    )
    return (await session.exec(query)).all()


async def milestones_with_groups(session: Session, groups: Collection[str]) -> Sequence[str]:
    """The ids of milestones that name one of these groups."""
    query = select(Assignment.milestone).where(col(Assignment.group_code).in_(groups)).distinct()
    return list(await session.exec(query))


async def milestones_dated_by_other_data(session: Session, dataset: str) -> Sequence[Milestone]:
    """Active milestones with an occurrence that was computed with another data set of statutory days than this one."""
    held = select(Occurrence.milestone).where(
        Occurrence.dataset != "", Occurrence.dataset != dataset, Occurrence.status == "active"
    )
    query = select(Milestone).where(col(Milestone.id).in_(held), Milestone.status == "active")
    return (await session.exec(query)).all()


async def last_position(session: Session, plan: str) -> int:
    """The position of a plan's last milestone; 0 where it has none."""
    query = select(Milestone.position).where(Milestone.plan == plan).order_by(col(Milestone.position).desc()).limit(1)
    return (await session.exec(query)).first() or 0
