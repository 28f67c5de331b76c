"""What the service holds, as the shapes of plan files: for differences and for export."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from service.due.spec import parse
from service.kit.database import Session
from service.kit.errors import Fault
from service.milestones import store as milestone_store
from service.milestones.actions.editing import assigned
from service.milestones.models import Assignment, Milestone
from service.milestones.rules import Role
from service.planfiles.rules.amendments import amendments
from service.planfiles.rules.difference import Difference
from service.planfiles.rules.references import reminder_subjects
from service.planfiles.rules.shapes import (
    GroupShape,
    JurisdictionShape,
    MemberShape,
    MilestoneShape,
    PlanFile,
    PlanShape,
    SourceShape,
    UnitShape,
)
from service.plans.models import Plan
from service.reminders.rules.policy import Policy, of_milestone, of_plan
from service.reminders.store import policies as policy_store
from service.units import store as unit_store
from service.units.models import Jurisdiction, Registered, Unit, UnitGroup
from service.units.rules import Member


async def current(session: Session, desired: PlanFile) -> PlanFile:
    """What the service holds of the things that a file names, in the same form."""
    registry = await _registry(
        session,
        jurisdictions=[shape.code for shape in desired.jurisdictions],
        units=[shape.code for shape in desired.units],
        groups=[shape.code for shape in desired.groups],
    )
    plan = await session.get(Plan, desired.plan.slug) if desired.plan else None
    if plan is None:
        return registry
    # What somebody set beside the file is none of its business: it is neither compared nor taken away.
    declared: Sequence[str] = (plan.declares or {}).get("reminders", ())
    return await _with_plan(session, registry, plan, reminders={*declared, *reminder_subjects(desired)})


async def amended(session: Session, file: PlanFile, found: Difference) -> list[Fault]:
    """What a file would change of jurisdictions, units and groups that are there, used or not."""
    rows: list[Registered] = [
        *(await unit_store.jurisdictions_by_code(session, [shape.code for shape in file.jurisdictions])).values(),
        *(await unit_store.units_by_code(session, [shape.code for shape in file.units])).values(),
        *(await unit_store.groups_by_code(session, [shape.code for shape in file.groups])).values(),
    ]
    return amendments(file, found, out_of_use={row.code for row in rows if row.retired_at is not None})


async def whole_file(session: Session, plan: Plan) -> PlanFile:
    """A plan with its milestones and what its file declared beside it, in the file's order."""
    declares: dict[str, Sequence[str]] = plan.declares or {}
    registry = await _registry(
        session,
        jurisdictions=declares.get("jurisdictions", ()),
        units=declares.get("units", ()),
        groups=declares.get("groups", ()),
    )
    return await _with_plan(session, registry, plan, reminders=None)


async def _with_plan(
    session: Session, registry: PlanFile, plan: Plan, *, reminders: Collection[str] | None
) -> PlanFile:
    """A registry with a plan and its milestones. `reminders`: whose policies are told; None: everybody's."""
    rows = await milestone_store.milestones_of(session, plan.slug)
    subjects = [of_plan(plan.slug), *(of_milestone(row.id) for row in rows)]
    policies = await policy_store.policies_named(
        session, [each for each in subjects if reminders is None or each in reminders]
    )
    return replace(
        registry,
        plan=plan_shape(plan, policies.get(of_plan(plan.slug))),
        milestones=await _milestones(session, rows, policies),
    )


async def _registry(
    session: Session, *, jurisdictions: Sequence[str], units: Sequence[str], groups: Sequence[str]
) -> PlanFile:
    found_jurisdictions = await unit_store.jurisdictions_by_code(session, jurisdictions)
    found_units = await unit_store.units_by_code(session, units)
    found_groups = await unit_store.groups_by_code(session, groups)
    members = await unit_store.memberships_of(session, list(found_groups))
    return PlanFile(
        jurisdictions=tuple(_jurisdiction(row) for row in _in_order(jurisdictions, found_jurisdictions)),
        units=tuple(_unit(row) for row in _in_order(units, found_units)),
        groups=tuple(_group(row, members[row.code]) for row in _in_order(groups, found_groups)),
    )


def _in_order(codes: Iterable[str], found: dict[str, Any]) -> list[Any]:
    return [found[code] for code in codes if code in found and found[code].retired_at is None]


def _jurisdiction(row: Jurisdiction) -> JurisdictionShape:
    return JurisdictionShape(code=row.code, name=row.name, parent=row.parent, aliases=tuple(row.aliases))


def _unit(row: Unit) -> UnitShape:
    return UnitShape(code=row.code, name=row.name, aliases=tuple(row.aliases), kind=row.kind, note=row.note or None)


def _group(row: UnitGroup, members: Sequence[Member]) -> GroupShape:
    return GroupShape(
        code=row.code,
        name=row.name,
        aliases=tuple(row.aliases),
        note=row.note or None,
        vague=row.vague,
        members=tuple(MemberShape(member=one.code, from_on=one.from_on, until_on=one.until_on) for one in members),
    )


def plan_shape(plan: Plan, reminders: Policy | None) -> PlanShape:
    """A stored plan and its own reminder policy in the form of a plan file."""
    return PlanShape(
        slug=plan.slug,
        title=plan.title,
        jurisdiction=plan.jurisdiction,
        issuer=plan.issuer,
        number=plan.number or None,
        status=plan.status,
        visibility=plan.visibility,
        published_on=plan.published_on,
        period=_period(plan.period_start, plan.period_end),
        time_zone=plan.time_zone,
        before_month=plan.before_month,
        default_due=parse(plan.default_due) if plan.default_due else None,
        reminders=reminders,
        superior=plan.superior,
        source=SourceShape(**plan.source) if plan.source else None,
        note=plan.note or None,
    )


def _period(start: date | None, end: date | None) -> tuple[date, date] | None:
    return (start, end) if start and end else None


async def _milestones(
    session: Session, rows: Sequence[Milestone], policies: Mapping[str, Policy]
) -> tuple[MilestoneShape, ...]:
    held = await milestone_store.assignments_of(session, [row.id for row in rows])
    keys = {row.id: row.key for row in rows}

    def shapes() -> tuple[MilestoneShape, ...]:
        return tuple(_milestone(row, held[row.id], keys, policies.get(of_milestone(row.id))) for row in rows)

    # In a thread: for a large plan it takes a good part of a second, in which others would wait.
    return await asyncio.to_thread(shapes)


def _milestone(
    row: Milestone, held: Sequence[Assignment], keys: dict[str, str], reminders: Policy | None
) -> MilestoneShape:
    answering = assigned(held)
    roles = {role.value: tuple(one.code for one in answering if one.role is role) for role in Role}
    return MilestoneShape(
        key=row.key,
        ref=row.ref or None,
        title=row.title,
        kind=row.kind,
        due=parse(row.due) if row.due else None,
        reminders=reminders,
        lead=roles["lead"],
        responsible=roles["responsible"],
        support=roles["support"],
        parent=keys[row.parent] if row.parent else None,
        implements=row.implements or None,
        lines=tuple(row.lines),
        hand_in=row.hand_in or None,
        status=row.status,
        note=row.note or None,
    )
