"""What entries are made from, read from the rooms upstream: few queries, whatever the number of milestones.

Columns are asked for, not rows: a session that loaded a unit before another transaction renamed it must not put the old
name into a calendar.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import case, func, or_
from sqlmodel import col, select

from service.feeds.rules.entries import Dated, Matter, Named, Task
from service.holidays.actions import work_calendar
from service.kit.database import Session
from service.milestones.models import Assignment, Milestone, Occurrence
from service.plans.models import Plan
from service.progress import store as progress_store
from service.units.models import Unit, UnitGroup

_STRENGTH = case({"lead": 0, "responsible": 1}, value=col(Assignment.role), else_=2)


_COLUMNS_OF_A_TASK: tuple[Any, ...] = (
    col(Milestone.id),
    col(Milestone.plan),
    col(Milestone.jurisdiction),
    col(Milestone.title),
    col(Milestone.ref),
    col(Milestone.kind),
    col(Milestone.hand_in),
    col(Milestone.parent),
    col(Milestone.due),
    col(Plan.title).label("plan_title"),
    col(Plan.number).label("plan_number"),
    col(Plan.time_zone),
    col(Plan.default_due),
    col(Plan.status),
    col(Plan.visibility),
)
_COLUMNS_OF_DATED: tuple[Any, ...] = tuple(getattr(Occurrence, name) for name in Dated.__dataclass_fields__)


async def read_matter(session: Session, milestones: Collection[str]) -> Matter:
    """Everything that the entries of these milestones are made from."""
    tasks = await _tasks(session, milestones)
    parents = {task.parent for task in tasks.values() if task.parent}
    dated = await _dated(session, {*tasks, *parents})
    own = [each.id for task in tasks for each in dated.get(task, ())]
    return Matter(
        tasks=tasks,
        dated=dated,
        named=await _named(session, milestones),
        answers=await progress_store.standings(session, own),
        workdays=await work_calendar(session),
    )


async def _tasks(session: Session, milestones: Collection[str]) -> dict[str, Task]:
    query = (
        select(*_COLUMNS_OF_A_TASK)
        .join(Plan, col(Plan.slug) == col(Milestone.plan))
        .where(col(Milestone.id).in_(milestones))
        .order_by(col(Milestone.id))
    )
    return {row.id: _task(row) for row in await session.exec(query)}


def _task(row: Any) -> Task:
    return Task(
        id=row.id,
        plan=row.plan,
        jurisdiction=row.jurisdiction,
        title=row.title,
        ref=row.ref,
        kind=row.kind,
        hand_in=row.hand_in,
        parent=row.parent,
        due=row.due or row.default_due,
        plan_title=row.plan_title,
        plan_number=row.plan_number,
        time_zone=row.time_zone,
        published=row.status == "published",
        public=row.visibility == "public" and row.status != "draft",
    )


async def _dated(session: Session, milestones: Collection[str]) -> dict[str, list[Dated]]:
    query = (
        select(*_COLUMNS_OF_DATED)
        .where(col(Occurrence.milestone).in_(milestones))
        .order_by(col(Occurrence.sort_on), col(Occurrence.id))
    )
    found: dict[str, list[Dated]] = defaultdict(list)
    for row in await session.exec(query):
        found[row.milestone].append(Dated(**row._mapping))
    return found


async def _named(session: Session, milestones: Collection[str]) -> dict[str, list[Named]]:
    query = (
        select(
            col(Assignment.milestone),
            col(Assignment.role),
            func.coalesce(col(Unit.name), col(UnitGroup.name)).label("name"),
            col(Assignment.group_code),
        )
        .outerjoin(Unit, col(Unit.code) == col(Assignment.unit_code))
        .outerjoin(UnitGroup, col(UnitGroup.code) == col(Assignment.group_code))
        .where(col(Assignment.milestone).in_(milestones))
        .order_by(_STRENGTH, col(Assignment.position))
    )
    found: dict[str, list[Named]] = defaultdict(list)
    for milestone, role, name, group in await session.exec(query):
        found[milestone].append(Named(role, name or "", group))
    return found


async def milestones_of_plan(session: Session, slug: str) -> Sequence[str]:
    """The ids of all milestones of a plan."""
    return (await session.exec(select(col(Milestone.id)).where(col(Milestone.plan) == slug))).all()


async def all_milestones(session: Session, *, after: str = "", limit: int | None = None) -> Sequence[str]:
    """The ids of milestones of all plans, in order, those behind `after`."""
    query = select(col(Milestone.id)).where(col(Milestone.id) > after).order_by(col(Milestone.id)).limit(limit)
    return (await session.exec(query)).all()


async def milestones_naming(session: Session, codes: Collection[str]) -> Sequence[str]:
    """The ids of milestones that name one of these units or groups themselves."""
    named = or_(col(Assignment.unit_code).in_(codes), col(Assignment.group_code).in_(codes))
    return (await session.exec(select(col(Assignment.milestone)).where(named).distinct())).all()


async def children_of(session: Session, milestones: Collection[str]) -> Sequence[str]:
    """The ids of the milestones whose parent is one of these."""
    query = select(col(Milestone.id)).where(col(Milestone.parent).in_(milestones))
    return (await session.exec(query)).all()


async def jurisdictions_of(session: Session, milestones: Collection[str]) -> Sequence[str]:
    """The jurisdictions that these milestones belong to, in order."""
    query = select(col(Milestone.jurisdiction)).where(col(Milestone.id).in_(milestones)).distinct()
    return sorted(await session.exec(query))
