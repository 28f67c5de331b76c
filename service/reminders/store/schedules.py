"""What the notices of occurrences are planned from, and where the plans are kept.

Columns are asked for, not rows: what another transaction has just committed must be seen, whatever this session has
loaded before.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, tuple_
from sqlmodel import col, delete, insert, select, update

from service.kit.database import Session
from service.kit.rows import Column, Same, among, update_rows
from service.milestones.models import Occurrence
from service.plans.models import Plan
from service.reminders.models import PLACE, Firing, PendingFiring, ReminderSchedule
from service.reminders.rules.planning import End, FiringStatus, Held

MOST_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """An occurrence as far as its notices depend on it. `time_zone`: None, the service's."""

    id: str
    milestone: str
    plan: str
    jurisdiction: str
    due_on: date | None
    active: bool
    published: bool
    time_zone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How far an occurrence's notices are planned, as it is kept."""

    occurrence: str
    jurisdiction: str
    due_version: int
    extend_at: datetime | None
    time_zone: str
    dataset: str
    planned_at: datetime


async def lock_schedules(session: Session, ids: Collection[str]) -> dict[str, Schedule]:
    """The schedules of these occurrences where there are any; nobody else plans for them until the transaction ends."""
    names = tuple(Schedule.__dataclass_fields__)
    query: Any = (
        select(*(getattr(ReminderSchedule, name) for name in names))
        .where(col(ReminderSchedule.occurrence).in_(ids))
        .order_by(col(ReminderSchedule.occurrence))
        .with_for_update()
    )
    return {row.occurrence: Schedule(**row._mapping) for row in await session.exec(query)}


async def read_dated(session: Session, ids: Collection[str]) -> list[Dated]:
    """These occurrences, in the order of their ids."""
    query: Any = (
        select(  # type: ignore[call-overload]  # more columns than it has overloads for
            Occurrence.id,
            Occurrence.milestone,
            Occurrence.plan,
            Occurrence.jurisdiction,
            Occurrence.due_on,
            (col(Occurrence.status) == "active").label("active"),
            (col(Plan.status) == "published").label("published"),
            Plan.time_zone,
        )
        .join(Plan, col(Plan.slug) == col(Occurrence.plan))
        .where(col(Occurrence.id).in_(ids))
        .order_by(col(Occurrence.id))
    )
    return [Dated(**row._mapping) for row in await session.exec(query)]


async def held_firings(session: Session, ids: Collection[str]) -> dict[str, list[Held]]:
    """Every firing of these occurrences. The pending ones are locked: whoever is firing them is waited for."""
    mine = col(Firing.occurrence).in_(ids)
    queued = select(Firing.fire_at, Firing.id).where(mine, Firing.status == FiringStatus.PENDING.value)
    pending = select(PendingFiring.firing).where(tuple_(*PLACE).in_(queued))
    await session.exec(pending.order_by(*PLACE).with_for_update())
    names = [name for name in Held.__dataclass_fields__ if name != "status"]
    query: Any = (
        select(Firing.occurrence, Firing.status, *(getattr(Firing, name) for name in names))
        .where(mine)
        .order_by(col(Firing.fire_at), col(Firing.id))
    )
    found: dict[str, list[Held]] = {id: [] for id in ids}
    for row in await session.exec(query):
        values = {name: getattr(row, name) for name in names}
        found[row.occurrence].append(Held(status=FiringStatus(row.status), **values))
    return found


async def open_firings(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write new firings; each row has every column."""
    if rows:
        connection = await session.connection()
        await connection.execute(insert(Firing), rows)
        waiting = [
            {"fire_at": row["fire_at"], "firing": row["id"]}
            for row in rows
            if row["status"] == FiringStatus.PENDING.value
        ]
        if waiting:
            await connection.execute(insert(PendingFiring), waiting)


async def take_out(session: Session, ids: Collection[str]) -> None:
    """Take firings out of the queue that this transaction has locked, for it to end."""
    if ids:
        queued = select(Firing.fire_at, Firing.id).where(among(session, col(Firing.id), ids))
        await session.exec(delete(PendingFiring).where(tuple_(*PLACE).in_(queued)))


async def end_firings(session: Session, ends: Sequence[tuple[str, End, int | None]], *, now: datetime) -> None:
    """End firings that this transaction took from the queue: id, how it ends, and the fact that it recorded (None:
    none).
    """
    if not ends:
        return
    ids, hows, facts = zip(*ends, strict=True)
    columns: dict[str, Column] = {"fact": facts, "ended_at": Same(now)}
    if all(end is hows[0] for end in hows):  # nearly always
        (end, *_) = hows
        columns |= {"status": Same(end.status.value), "cause": Same(end.cause.value), "reason": Same(end.reason)}
    else:
        columns |= {
            "status": [end.status.value for end in hows],
            "cause": [end.cause.value for end in hows],
            "reason": [end.reason for end in hows],
        }
    found_by: dict[str, Column] = {"id": ids, "status": Same(FiringStatus.PENDING.value)}
    await update_rows(session, Firing, columns, by=found_by, behind=True)


async def save_schedules(session: Session, new: Sequence[Schedule], changed: Sequence[Schedule]) -> None:
    """Keep schedules: new ones, and those that were locked and now say something else."""
    connection = await session.connection()
    names = tuple(Schedule.__dataclass_fields__)
    if new:
        await connection.execute(
            insert(ReminderSchedule), [{name: getattr(one, name) for name in names} for one in new]
        )
    if changed:
        query = (
            update(ReminderSchedule)
            .where(col(ReminderSchedule.occurrence) == bindparam("new_occurrence"))
            .values({name: bindparam(f"new_{name}") for name in names if name != "occurrence"})
        )
        rows = [{f"new_{name}": getattr(one, name) for name in names} for one in changed]
        await connection.execute(query, rows)


async def occurrences_of_plan(session: Session, slug: str) -> list[str]:
    """The ids of all occurrences of a plan."""
    return list(await session.exec(select(Occurrence.id).where(Occurrence.plan == slug)))


async def occurrences_of_milestones(session: Session, milestones: Collection[str]) -> list[str]:
    """The ids of all occurrences of these milestones."""
    listed, found = sorted(milestones), list[str]()
    for start in range(0, len(listed), MOST_AT_ONCE):
        some = listed[start : start + MOST_AT_ONCE]
        found += await session.exec(select(Occurrence.id).where(col(Occurrence.milestone).in_(some)))
    return found


async def occurrences_in_use(session: Session) -> list[str]:
    """The ids of all occurrences that are owed and have a date."""
    query = select(Occurrence.id).where(Occurrence.status == "active", col(Occurrence.due_on).is_not(None))
    return list(await session.exec(query))


async def outdated(session: Session, *, dataset: str, zone: str, limit: int | None = None) -> list[str]:
    """Occurrences whose notices were planned with other workdays or in another time zone than would be used today."""
    query = (
        select(ReminderSchedule.occurrence)
        .join(Occurrence, col(Occurrence.id) == col(ReminderSchedule.occurrence))
        .join(Plan, col(Plan.slug) == col(Occurrence.plan))
        .where(
            or_(
                (col(ReminderSchedule.dataset) != "") & (col(ReminderSchedule.dataset) != dataset),
                func.coalesce(col(Plan.time_zone), zone) != col(ReminderSchedule.time_zone),
            )
        )
        .order_by(col(ReminderSchedule.occurrence))
        .limit(limit)
    )
    return list(await session.exec(query))


async def within_horizon(session: Session, *, now: datetime, limit: int) -> list[str]:
    """Occurrences of which another notice has come within the horizon."""
    query = (
        select(ReminderSchedule.occurrence)
        .where(col(ReminderSchedule.extend_at) <= now)
        .order_by(col(ReminderSchedule.extend_at), col(ReminderSchedule.occurrence))
        .limit(limit)
    )
    return list(await session.exec(query))


async def never_planned(session: Session, *, limit: int) -> list[str]:
    """Occurrences that are older than reminders."""
    query = (
        select(Occurrence.id)
        .outerjoin(ReminderSchedule, col(ReminderSchedule.occurrence) == col(Occurrence.id))
        .where(col(ReminderSchedule.occurrence).is_(None))
        .order_by(col(Occurrence.id))
        .limit(limit)
    )
    return list(await session.exec(query))
