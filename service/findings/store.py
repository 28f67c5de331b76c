"""A stored plan as the values that the checks want."""

import asyncio
from datetime import date

from service.due.spec import parse
from service.findings.rules import DueFact, PlanFact, TaskFact
from service.kit.database import Session
from service.kit.ids import derived_id
from service.milestones import store as milestone_store
from service.milestones.models import Assignment, Milestone, Occurrence
from service.plans.models import Plan
from service.units import store as unit_store


async def plan_fact(session: Session, plan: Plan) -> PlanFact:
    """A plan with its active milestones, in a handful of queries."""
    rows = [row for row in await milestone_store.milestones_of(session, plan.slug) if row.status == "active"]
    assignments = await milestone_store.assignments_of(session, [row.id for row in rows])
    occurrences = await milestone_store.occurrences_of(session, [row.id for row in rows])
    ids = [one.id for found in occurrences.values() for one in found]
    units = await milestone_store.codes_answering(session, ids)
    groups = {row.group_code for held in assignments.values() for row in held if row.group_code}
    named = await unit_store.groups_by_code(session, groups)
    vague = {code: group.name for code, group in named.items() if group.vague}
    superior = await session.get(Plan, plan.superior) if plan.superior else None
    implemented = await _implemented(session, rows)

    def tasks() -> tuple[TaskFact, ...]:
        return tuple(
            _task(row, assignments[row.id], occurrences[row.id], units, vague, implemented.get(row.implements))
            for row in rows
        )

    return PlanFact(
        period=(plan.period_start, plan.period_end) if plan.period_start and plan.period_end else None,
        published_on=plan.published_on,
        default_due=parse(plan.default_due) if plan.default_due else None,
        superior_end=superior.period_end if superior else None,
        tasks=await asyncio.to_thread(tasks),  # in a thread, so that others need not wait
    )


def _task(
    row: Milestone,
    held: list[Assignment],
    occurrences: list[Occurrence],
    units: dict[str, list[str]],
    vague: dict[str, str],
    superior_due_on: date | None,
) -> TaskFact:
    codes = [one.unit_code or one.group_code or "" for one in held]
    return TaskFact(
        key=row.key,
        title=row.title,
        lines=tuple(row.lines),
        due=parse(row.due) if row.due else None,
        has_parent=row.parent is not None,
        assigned=tuple(codes),
        vague=tuple(vague[code] for code in codes if code in vague),
        dues=tuple(
            DueFact(one.due_on, one.provisional, tuple(units[one.id])) for one in occurrences if one.status == "active"
        ),
        superior_due_on=superior_due_on,
    )


async def _implemented(session: Session, rows: list[Milestone]) -> dict[str, date]:
    """`slug/key` of a superior milestone → its last due date, where the service holds it."""
    wanted = {row.implements: derived_id("ms", *row.implements.split("/", 1)) for row in rows if "/" in row.implements}
    occurrences = await milestone_store.occurrences_of(session, list(wanted.values()))
    found: dict[str, date] = {}
    for reference, id in wanted.items():
        days = [one.due_on for one in occurrences[id] if one.due_on and one.status == "active"]
        if days:
            found[reference] = max(days)
    return found
