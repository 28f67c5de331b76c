"""Plan files in and out: `apply` shows the difference and makes it so, `export` gives the file back."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.due.spec import to_mapping
from service.findings.actions import find
from service.findings.rules import Finding
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Conflict, Fault, require
from service.kit.ids import derived_id
from service.milestones import store as milestone_store
from service.milestones.actions import editing
from service.milestones.actions.expanding import expand_milestones
from service.milestones.models import Milestone
from service.milestones.rules import Assigned, Role
from service.planfiles import store
from service.planfiles.rules.difference import Change, Difference, difference
from service.planfiles.rules.emit import emit_plan_file
from service.planfiles.rules.faults import PlanFileFaults
from service.planfiles.rules.references import contradictions, fault_at, references, reminder_subjects, unknown
from service.planfiles.rules.shapes import (
    GroupShape,
    JurisdictionShape,
    MilestoneShape,
    PlanFile,
    PlanShape,
    UnitShape,
)
from service.plans import actions as plan_actions
from service.plans import store as plan_store
from service.plans.models import Plan
from service.reminders.actions import policies as policy_actions
from service.units import actions as unit_actions
from service.units import store as unit_store
from service.units.models import Jurisdiction, Unit, UnitGroup
from service.units.rules import Member, circle


@dataclass(frozen=True, slots=True)
class Applied:
    """One file's difference, and what a reviewer should look at in its plan."""

    file: PlanFile
    difference: Difference
    findings: tuple[Finding, ...] = ()


async def apply_files(
    session: Session, actor: Actor, *, files: Sequence[PlanFile], prune: bool, now: datetime, amend: bool = True
) -> list[Applied]:
    """Make the service hold what these files say. Files may refer to each other in any order.

    1. refuse what contradicts itself and what refers to nothing, all at once  2. compute every difference  3. write
    jurisdictions, units, groups, plans, milestones, reminder policies, in this order over all files. What left a file
    is cancelled with `prune`, and left alone without; what it says otherwise of a jurisdiction, unit or group is a
    Conflict without `amend`. A dry run is rolled back by the door. Raises PlanFileFaults, Conflict, Denied.
    """
    _refuse(contradictions(files))
    _refuse([*await _unknown_references(session, files), *await _circles(session, files)])
    applied = [
        Applied(file, await asyncio.to_thread(difference, file, await store.current(session, file), prune=prune))
        for file in files
    ]
    if not amend:
        amended = [await store.amended(session, one.file, one.difference) for one in applied]
        require([fault for faults in amended for fault in faults], Conflict)
    await _write_jurisdictions(session, actor, applied, now=now)
    await _write_units(session, actor, applied, now=now)
    await _write_groups(session, actor, applied, now=now)
    for one in _superiors_first(applied):
        await _write_plan(session, actor, one, now=now)
        await _write_milestones(session, actor, one, now=now)
        await _write_reminders(session, actor, one, now=now)
    return [await _with_findings(session, one) for one in applied]


async def export_plan(session: Session, plan: Plan) -> str:
    """The plan file of a plan in its canonical form; written in a thread, so that others need not wait meanwhile."""
    return await asyncio.to_thread(emit_plan_file, await store.whole_file(session, plan))


async def _with_findings(session: Session, one: Applied) -> Applied:
    if one.file.plan is None:
        return one
    plan = await session.get_one(Plan, one.file.plan.slug)
    return Applied(one.file, one.difference, tuple(await find(session, plan)))


def _superiors_first(applied: Sequence[Applied]) -> list[Applied]:
    """Plans after the plans that they implement."""
    by_slug = {one.file.plan.slug: one for one in applied if one.file.plan}
    above = {
        slug: [one.file.plan.superior] for slug, one in by_slug.items() if one.file.plan and one.file.plan.superior
    }
    return [by_slug[slug] for slug in _upstream_first(by_slug, above)]


def _upstream_first(codes: Iterable[str], above: Mapping[str, Iterable[str]]) -> list[str]:
    """Codes in an order in which each comes after those that it stands on; those in a circle come as they stand."""
    wanted, done = dict.fromkeys(codes), dict[str, None]()

    def visit(code: str, path: frozenset[str]) -> None:
        for other in above.get(code, ()):
            if other in wanted and other not in done and other not in path:
                visit(other, path | {other})
        done.setdefault(code)

    for code in wanted:
        visit(code, frozenset({code}))
    return list(done)


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise PlanFileFaults(faults)


async def _circles(session: Session, files: Sequence[PlanFile]) -> list[Fault]:
    """Groups that would contain themselves, through other files or through groups that the service holds."""
    shapes = {shape.code: shape for file in files for shape in file.groups}
    inside = {code: [Member(one.member) for one in shape.members] for code, shape in shapes.items()}
    named = {one.code for members in inside.values() for one in members} - set(shapes)
    held = await unit_store.membership_below(session, set(await unit_store.groups_by_code(session, named)))
    chain = circle({**held, **inside})
    if not chain:
        return []
    shape = next(shapes[code] for code in chain if code in shapes)
    return [fault_at(shape.where, "groups", f"a group cannot contain itself: {' → '.join(chain)}")]


async def _unknown_references(session: Session, files: Sequence[PlanFile]) -> list[Fault]:
    """Every jurisdiction, unit, group and plan that neither the service nor a file knows."""
    named: list[UnitShape | GroupShape] = []
    for file in files:
        named += [*file.units, *file.groups]
    declared = {shape.code for shape in named} | {shape.code for file in files for shape in file.jurisdictions}
    plans = {file.plan.slug for file in files if file.plan}
    wanted = [reference for file in files for reference in references(file)]
    codes = {code for code, _path, _where in wanted} - declared
    known = declared | set(await unit_store.jurisdictions_by_code(session, codes))
    known |= {row.code for row in (await unit_store.units_by_code(session, codes)).values() if row.retired_at is None}
    known |= {row.code for row in (await unit_store.groups_by_code(session, codes)).values() if row.retired_at is None}
    missing = [reference for reference in wanted if reference[0] not in known]
    names = await unit_store.all_names(session) if missing else {}
    names |= {word: shape.code for shape in named for word in (shape.name, *shape.aliases, shape.code)}
    faults = [fault_at(where, path, unknown(code, names)) for code, path, where in missing]
    superiors = {file.plan.superior for file in files if file.plan and file.plan.superior}
    plans |= set(await plan_store.by_slug(session, superiors))
    return faults + [
        fault_at(file.plan.where, "plan.superior", f"there is no plan '{file.plan.superior}'")
        for file in files
        if file.plan and file.plan.superior and file.plan.superior not in plans
    ]


def _todo(one: Applied, subject: str) -> list[Change]:
    return [change for change in one.difference.changes if change.subject == subject and change.action != "keep"]


async def _write_jurisdictions(session: Session, actor: Actor, applied: Sequence[Applied], *, now: datetime) -> None:
    shapes = {shape.code: shape for one in applied for shape in one.file.jurisdictions}
    todo = {change.name for one in applied for change in _todo(one, "jurisdiction")}
    parents = {code: [shape.parent] for code, shape in shapes.items() if shape.parent}
    for code in (code for code in _upstream_first(shapes, parents) if code in todo):
        row = await session.get(Jurisdiction, code)
        values = _jurisdiction_values(shapes[code])
        if row is None:
            await unit_actions.create_jurisdiction(session, actor, code=code, values=values, now=now)
        else:
            await unit_actions.update(session, actor, row, changes=values, now=now)


async def _write_units(session: Session, actor: Actor, applied: Sequence[Applied], *, now: datetime) -> None:
    shapes = {shape.code: shape for one in applied for shape in one.file.units}
    todo = {change.name for one in applied for change in _todo(one, "unit")}
    rows = await unit_store.changing(session, Unit, todo)
    edits = [
        unit_actions.Edit(code, shape.jurisdiction, _unit_values(shape), row=rows.get(code))
        for code, shape in shapes.items()
        if code in todo
    ]
    await unit_actions.write(session, actor, Unit, edits=edits, now=now)


async def _write_groups(session: Session, actor: Actor, applied: Sequence[Applied], *, now: datetime) -> None:
    shapes = {shape.code: shape for one in applied for shape in one.file.groups}
    todo = {change.name for one in applied for change in _todo(one, "group")}
    inner = {code: [member.member for member in shape.members] for code, shape in shapes.items()}
    rows = await unit_store.changing(session, UnitGroup, todo)
    edits = [_group_edit(shapes[code], rows.get(code)) for code in _upstream_first(shapes, inner) if code in todo]
    await unit_actions.write(session, actor, UnitGroup, edits=edits, now=now)


def _group_edit(shape: GroupShape, row: UnitGroup | None) -> unit_actions.Edit[UnitGroup]:
    members = [Member(member.member, member.from_on, member.until_on) for member in shape.members]
    return unit_actions.Edit(shape.code, shape.jurisdiction, _group_values(shape), members, row)


async def _write_plan(session: Session, actor: Actor, one: Applied, *, now: datetime) -> None:
    shape = one.file.plan
    if shape is None:
        return
    values = _plan_values(shape) | {"declares": _declares(one.file)}
    plan = await session.get(Plan, shape.slug, with_for_update=True)
    if plan is None:
        await plan_actions.create_plan(
            session, actor, slug=shape.slug, jurisdiction=shape.jurisdiction, values=values, now=now
        )
        return
    if plan.jurisdiction != shape.jurisdiction:
        message = f"the plan belongs to '{plan.jurisdiction}'; a plan never moves to another jurisdiction"
        raise PlanFileFaults([fault_at(shape.where, "plan.jurisdiction", message)])
    await plan_actions.update_plan(session, actor, plan, changes=values, now=now)


async def _write_milestones(session: Session, actor: Actor, one: Applied, *, now: datetime) -> None:
    if one.file.plan is None:
        return
    plan = await session.get_one(Plan, one.file.plan.slug)
    places = {shape.key: place for place, shape in enumerate(one.file.milestones, start=1)}
    shapes = {shape.key: shape for shape in one.file.milestones}
    rows = {row.key: row for row in await milestone_store.milestones_of(session, plan.slug)}
    edits: list[editing.Edit] = []
    for change in _todo(one, "milestone"):
        row = rows.get(change.name)
        if change.action == "cancel" and row is not None:
            edits.append(editing.Edit(row.key, {"status": "cancelled"}, None, row))
        elif change.name in shapes:
            edits.append(_edit(plan, row, shapes[change.name], place=places[change.name]))
    written = await editing.write_milestones(session, actor, plan, edits=edits, now=now)
    await expand_milestones(session, actor, plan=plan, milestones=[each.row for each in written], now=now)
    # The order of the file is the order of the plan; what is not in the file any more comes after it.
    left = [row for row in await milestone_store.milestones_of(session, plan.slug) if row.key not in places]
    places |= {row.key: len(one.file.milestones) + place for place, row in enumerate(left, start=1)}
    await editing.arrange(session, actor, plan, places=places, now=now)


def _edit(plan: Plan, row: Milestone | None, shape: MilestoneShape, *, place: int) -> editing.Edit:
    values = _milestone_values(plan.slug, shape)
    assignments = [Assigned(code, role) for role in Role for code in getattr(shape, role.value)]
    return editing.Edit(shape.key, values if row else values | {"position": place}, assignments, row)


async def _write_reminders(session: Session, actor: Actor, one: Applied, *, now: datetime) -> None:
    """Set the policies that the file says, and take away those that it said the last time."""
    changed = [change for change in one.difference.changes if any(each.path == "reminders" for each in change.fields)]
    if one.file.plan is None or not changed:
        return
    plan = await session.get_one(Plan, one.file.plan.slug)
    rows = {row.key: row for row in await milestone_store.milestones_of(session, plan.slug)}
    shapes = {shape.key: shape for shape in one.file.milestones}
    for change in changed:
        of_plan = change.subject == "plan"
        thing = plan if of_plan else rows[change.name]
        wanted = one.file.plan.reminders if of_plan else shapes[change.name].reminders
        if wanted is None:
            await policy_actions.remove_policy(session, actor, thing, now=now)
        else:
            await policy_actions.set_policy(session, actor, thing, policy=wanted, now=now)


def _jurisdiction_values(shape: JurisdictionShape) -> dict[str, Any]:
    return {"name": shape.name, "parent": shape.parent, "aliases": list(shape.aliases)}


def _unit_values(shape: UnitShape) -> dict[str, Any]:
    return {"name": shape.name, "aliases": list(shape.aliases), "kind": shape.kind, "note": shape.note or ""}


def _group_values(shape: GroupShape) -> dict[str, Any]:
    return {"name": shape.name, "aliases": list(shape.aliases), "vague": shape.vague, "note": shape.note or ""}


def _plan_values(shape: PlanShape) -> dict[str, Any]:
    source = shape.source
    return {
        "title": shape.title,
        "issuer": shape.issuer,
        "number": shape.number or "",
        "status": shape.status,
        "visibility": shape.visibility,
        "published_on": shape.published_on,
        "period_start": shape.period[0] if shape.period else None,
        "period_end": shape.period[1] if shape.period else None,
        "time_zone": shape.time_zone,
        "before_month": shape.before_month,
        "default_due": to_mapping(shape.default_due) if shape.default_due else None,
        "superior": shape.superior,
        "source": {n: v for n in ("file", "url", "title") if (v := getattr(source, n))} if source else None,
        "note": shape.note or "",
    }


def _declares(file: PlanFile) -> dict[str, list[str]]:
    """What stands in the file beside the plan, and whose reminder policies it sets.

    Nothing where that is all, as for a plan that no file has made.
    """
    codes = {
        "jurisdictions": [shape.code for shape in file.jurisdictions],
        "units": [shape.code for shape in file.units],
        "groups": [shape.code for shape in file.groups],
        "reminders": reminder_subjects(file),
    }
    return {section: declared for section, declared in codes.items() if declared}


def _milestone_values(plan: str, shape: MilestoneShape) -> dict[str, Any]:
    return {
        "ref": shape.ref or "",
        "title": shape.title,
        "kind": shape.kind,
        "due": to_mapping(shape.due) if shape.due else None,
        "parent": derived_id("ms", plan, shape.parent) if shape.parent else None,
        "implements": shape.implements or "",
        "lines": list(shape.lines),
        "hand_in": shape.hand_in or "",
        "status": shape.status,
        "note": shape.note or "",
    }
