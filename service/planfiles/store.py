"""What the service holds, as the shapes of plan files: for differences and for export."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from service.due.spec import parse
from service.kit.database import Session
from service.milestones import store as milestone_store
from service.milestones.actions.editing import assigned
from service.milestones.models import Assignment, Milestone
from service.milestones.rules import Role
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
from service.units import store as unit_store
from service.units.models import Jurisdiction, Unit, UnitGroup
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
    return PlanFile(
        jurisdictions=registry.jurisdictions,
        units=registry.units,
        groups=registry.groups,
        plan=plan_shape(plan),
        milestones=await _milestones(session, plan),
    )


async def whole_file(session: Session, plan: Plan) -> PlanFile:
    """A plan with its milestones and what its file declared beside it, in the file's order."""
    declares: dict[str, Sequence[str]] = plan.declares or {}
    registry = await _registry(
        session,
        jurisdictions=declares.get("jurisdictions", ()),
        units=declares.get("units", ()),
        groups=declares.get("groups", ()),
    )
    return PlanFile(
        jurisdictions=registry.jurisdictions,
        units=registry.units,
        groups=registry.groups,
        plan=plan_shape(plan),
        milestones=await _milestones(session, plan),
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


def plan_shape(plan: Plan) -> PlanShape:
    """A stored plan in the form of a plan file."""
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
        superior=plan.superior,
        source=SourceShape(**plan.source) if plan.source else None,
        note=plan.note or None,
    )


def _period(start: date | None, end: date | None) -> tuple[date, date] | None:
    return (start, end) if start and end else None


async def _milestones(session: Session, plan: Plan) -> tuple[MilestoneShape, ...]:
    rows = await milestone_store.milestones_of(session, plan.slug)
    held = await milestone_store.assignments_of(session, [row.id for row in rows])
    keys = {row.id: row.key for row in rows}
    return tuple(_milestone(row, held[row.id], keys) for row in rows)


def _milestone(row: Milestone, held: Sequence[Assignment], keys: dict[str, str]) -> MilestoneShape:
    answering = assigned(held)
    roles = {role.value: tuple(one.code for one in answering if one.role is role) for role in Role}
    return MilestoneShape(
        key=row.key,
        ref=row.ref or None,
        title=row.title,
        kind=row.kind,
        due=parse(row.due) if row.due else None,
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
