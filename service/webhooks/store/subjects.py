"""What events tell of, read from the rooms upstream: few queries, whatever the number of facts.

Columns are asked for, not rows: what another transaction has just committed must be seen.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from service.kit.database import Session
from service.kit.rows import among
from service.milestones.models import Milestone, Occurrence
from service.plans.models import Plan
from service.units.models import Unit
from service.webhooks.rules.notices import Words

MOST_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class PlanDates:
    """How many milestones a plan has that are owed, and between which due dates."""

    milestones: int
    first_due_on: date | None
    last_due_on: date | None


def batches(ids: Collection[str]) -> Iterator[list[str]]:
    """Ids in portions: a statement binds some 32,000 values at most, on either database."""
    listed = sorted(ids)
    for start in range(0, len(listed), MOST_AT_ONCE):
        yield listed[start : start + MOST_AT_ONCE]


async def words_of(session: Session, milestones: Collection[str]) -> dict[str, Words]:
    """Milestone → where it stands in the document, and its due date in the source's own words."""
    found: dict[str, Words] = {}
    own, plans = col(Milestone.due), col(Plan.default_due)
    phrase = func.coalesce(own["phrase"].as_string(), "")
    inherited = func.coalesce(plans["phrase"].as_string(), "")
    columns: Any = (Milestone.id, Milestone.ref, own.is_(None), phrase, inherited)
    mine = among(session, col(Milestone.id), milestones)
    query: Any = select(*columns).join(Plan, col(Plan.slug) == col(Milestone.plan)).where(mine)
    for id, ref, inherits, said, of_plan in await session.exec(query):
        found[id] = Words(ref, of_plan if inherits else said)
    return found


async def plans_of(session: Session, slugs: Collection[str]) -> dict[str, Any]:
    """Slug → slug, jurisdiction, title, number, status, time zone and last day of its period."""
    columns: Any = (
        Plan.slug,
        Plan.jurisdiction,
        Plan.title,
        Plan.number,
        Plan.status,
        Plan.time_zone,
        Plan.period_end,
    )
    query: Any = select(*columns).where(col(Plan.slug).in_(sorted(slugs)))
    return {row.slug: row for row in await session.exec(query)}


async def names_of(session: Session, units: Collection[str]) -> dict[str, str]:
    """Unit → name."""
    query = select(Unit.code, Unit.name).where(among(session, col(Unit.code), units))
    return {row[0]: row[1] for row in await session.exec(query)}


async def dates_of_plans(session: Session, slugs: Collection[str]) -> dict[str, PlanDates]:
    """Slug → what is owed in it."""
    counted = select(Milestone.plan, func.count()).where(
        col(Milestone.plan).in_(sorted(slugs)), Milestone.status == "active"
    )
    many = {plan: count for plan, count in await session.exec(counted.group_by(col(Milestone.plan)))}  # noqa: C416  # rows are no pairs to mypy
    dated = select(Occurrence.plan, func.min(Occurrence.due_on), func.max(Occurrence.due_on)).where(
        col(Occurrence.plan).in_(sorted(slugs)), Occurrence.status == "active"
    )
    found = {slug: PlanDates(many.get(slug, 0), None, None) for slug in slugs}
    for slug, first, last in await session.exec(dated.group_by(col(Occurrence.plan))):
        found[slug] = PlanDates(many.get(slug, 0), first, last)
    return found
