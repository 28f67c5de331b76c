"""The ledger: every planned notice, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, tuple_
from sqlmodel import col, select

from service.kit.database import Session
from service.milestones.models import Milestone, Occurrence, OccurrenceUnit
from service.reminders.models import Firing
from service.reminders.rules.planning import FiringStatus
from service.reminders.store.due import next_fire_at


@dataclass(frozen=True, slots=True)
class FiringFilter:
    """Which firings: every field that is given must match. `fire_from` is included, `fire_before` is not."""

    occurrence: str | None = None
    milestone: str | None = None
    plan: str | None = None
    jurisdiction: str | None = None
    unit: str | None = None
    kind: str | None = None
    status: str | None = None
    fire_from: datetime | None = None
    fire_before: datetime | None = None


async def list_firings(
    session: Session, *, where: FiringFilter, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Firing]:
    """Firings by the instant for which they are planned; those after (fire_at, id) first."""
    order = (col(Firing.fire_at), col(Firing.id))
    query = select(Firing).order_by(*order).limit(limit)
    if after is not None:
        query = query.where(tuple_(*order) > tuple_(*after))
    for name in ("occurrence", "plan", "jurisdiction", "kind", "status"):
        wanted = getattr(where, name)
        if wanted is not None:
            query = query.where(getattr(Firing, name) == wanted)
    if where.status == FiringStatus.PENDING:  # what ended before the first of them is not walked over
        first = await next_fire_at(session)
        if first is None:
            return []
        query = query.where(order[0] >= first)
    if where.fire_from is not None:
        query = query.where(order[0] >= where.fire_from)
    if where.fire_before is not None:
        query = query.where(order[0] < where.fire_before)
    if where.milestone is not None:  # by its occurrences: they stand first in the unique key
        mine = select(Occurrence.id).where(Occurrence.milestone == where.milestone)
        query = query.where(col(Firing.occurrence).in_(mine))
    if where.unit is not None:
        held = select(OccurrenceUnit.occurrence).where(
            OccurrenceUnit.occurrence == Firing.occurrence, OccurrenceUnit.unit == where.unit
        )
        query = query.where(exists(held.correlate(Firing)))
    return (await session.exec(query)).all()


async def firings_of(session: Session, occurrence: str) -> Sequence[Firing]:
    """Every planned notice of an occurrence, by the instant for which it is planned."""
    query = select(Firing).where(Firing.occurrence == occurrence)
    return (await session.exec(query.order_by(col(Firing.fire_at), col(Firing.due_version), col(Firing.id)))).all()


async def occurrences_named(session: Session, name: str) -> Sequence[Occurrence]:
    """The occurrences that a person means: by id, or as `plan/key` or `plan/key@period`; by due date."""
    query = select(Occurrence).order_by(col(Occurrence.sort_on), col(Occurrence.id))
    plan, slash, rest = name.partition("/")
    if not slash:
        return (await session.exec(query.where(Occurrence.id == name))).all()
    key, at, period = rest.partition("@")
    query = query.join(Milestone, col(Milestone.id) == col(Occurrence.milestone))
    query = query.where(Milestone.plan == plan, Milestone.key == key)
    if at:
        query = query.where(Occurrence.period == period)
    return (await session.exec(query)).all()
