"""What a preview is made from. Nothing is locked: it is a look."""

import json
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Text, cast, exists, or_
from sqlmodel import col, select

from service.kit.database import Session
from service.kit.rows import among
from service.milestones.models import Milestone, Occurrence, OccurrenceUnit
from service.plans.models import Plan
from service.preview.rules.foresight import Recorded, Span, Subject
from service.reminders.models import Firing, ReminderPolicy
from service.reminders.rules.planning import FiringStatus
from service.reminders.rules.policy import Policy, parse

Dates = Sequence[tuple[date, date]]


async def policies_set(session: Session) -> list[Policy]:
    """Every policy that anybody has set, each once: there are few, however many milestones have one."""
    told: Any = cast(col(ReminderPolicy.policy), Text)
    query: Any = select(told).where(col(ReminderPolicy.policy).is_not(None)).distinct()
    found = [json.loads(text) for text in await session.exec(query)]
    return [parse(policy) for policy in found if policy is not None]


async def subjects(session: Session, *, dates: Dates, plan: str | None, unit: str | None, limit: int) -> list[Subject]:
    """Occurrences that are owed and due on these dates: of this plan whatever its status, or of all published ones."""
    columns = [getattr(Occurrence, name) for name in Subject._fields if name in Occurrence.model_fields]
    query: Any = (
        select(  # type: ignore[call-overload]  # more columns than it has overloads for
            *columns,
            Milestone.key,
            Milestone.title,
            Milestone.kind,
            col(Plan.title).label("plan_title"),
            col(Plan.status).label("plan_status"),
            Plan.time_zone,
        )
        .join(Milestone, col(Milestone.id) == col(Occurrence.milestone))
        .join(Plan, col(Plan.slug) == col(Occurrence.plan))
        .where(Occurrence.status == "active")
        .where(or_(*(col(Occurrence.due_on).between(first, last) for first, last in dates)))
        .limit(limit)
    )
    query = query.where(Plan.status == "published") if plan is None else query.where(Occurrence.plan == plan)
    if unit is not None:
        held = select(OccurrenceUnit.occurrence).where(
            OccurrenceUnit.occurrence == Occurrence.id, OccurrenceUnit.unit == unit
        )
        query = query.where(exists(held.correlate(Occurrence)))
    return [Subject(**row._mapping) for row in await session.exec(query)]


async def recorded(session: Session, occurrences: Collection[str], span: Span) -> dict[str, list[Recorded]]:
    """Occurrence → its firings in the ledger that are planned for a span."""
    names = [name for name in Recorded._fields if name != "status"]
    query: Any = select(Firing.status, *(getattr(Firing, name) for name in names)).where(
        among(session, col(Firing.occurrence), occurrences),
        col(Firing.fire_at) >= span.start,
        col(Firing.fire_at) < span.end,
    )
    found: dict[str, list[Recorded]] = {}
    for row in await session.exec(query):
        values = {name: getattr(row, name) for name in names}
        found.setdefault(row.occurrence, []).append(Recorded(status=FiringStatus(row.status), **values))
    return found
