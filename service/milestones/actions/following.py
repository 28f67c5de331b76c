"""What milestones do when something upstream changes: they pull it from the journal, in the same transaction."""

from collections.abc import Sequence
from datetime import datetime

from service.holidays.actions import work_calendar
from service.journal.actions import actor_of
from service.journal.models import Recorded
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Fault, Unmet, require
from service.milestones import store
from service.milestones.actions.expanding import expand_milestones, resolve_units
from service.milestones.models import Milestone
from service.milestones.rules import MilestoneStatus
from service.plans import store as plan_store
from service.plans.rules import DATING_FIELDS, PlanStatus
from service.units import store as unit_store
from service.units.models import Registered, Unit, UnitGroup


async def follow(session: Session, facts: Sequence[Recorded], *, now: datetime) -> None:
    """Compute anew what a changed plan dates, and who answers where a group's membership changed."""
    for fact in facts:
        if fact.subject_kind == "plan" and fact.before is not None and _dates_changed(fact):
            actor = actor_of(fact)
            plan = await plan_store.get(session, fact.subject)
            milestones = await store.milestones_of(session, plan.slug)
            if fact.before["status"] == PlanStatus.ARCHIVED:
                await _check_assigned(session, milestones)
            await expand_milestones(session, actor, plan=plan, milestones=milestones, now=now)
        if fact.subject_kind == "plan" and fact.before is not None:
            await _renew_versions(session, fact, now=now)
        if fact.subject_kind == "holidays":
            await refresh_dates(session, actor_of(fact), now=now)
    groups = {fact.subject for fact in facts if fact.subject_kind == "group" and fact.before is not None}
    if groups:
        groups |= await unit_store.groups_containing(session, groups)
        await resolve_units(session, milestones=await store.milestones_with_groups(session, groups))


async def refresh_dates(session: Session, actor: Actor, *, now: datetime) -> int:
    """Compute anew what was dated with other statutory days than those known now. Answers how many milestones.

    Done when an operator supplies a year, and at start: a new release of the packaged data may bring one.
    """
    calendar = await work_calendar(session)
    outdated = await store.milestones_dated_by_other_data(session, calendar.dataset)
    for slug in dict.fromkeys(row.plan for row in outdated):
        plan = await plan_store.get(session, slug)
        mine = [row for row in outdated if row.plan == slug]
        await expand_milestones(session, actor, plan=plan, milestones=mine, now=now)
    return len(outdated)


async def _check_assigned(session: Session, milestones: Sequence[Milestone]) -> None:
    """A plan that comes back brings its open milestones along, and their units may have been retired meanwhile."""
    active = {row.id: row for row in milestones if row.status == MilestoneStatus.ACTIVE}
    held = await store.assignments_of(session, active)
    codes = {one.unit_code or one.group_code or "" for found in held.values() for one in found}
    known: list[Registered] = [*(await unit_store.held(session, Unit, codes)).values()]
    known += (await unit_store.held(session, UnitGroup, codes)).values()
    retired = {row.code for row in known if row.retired_at is not None}
    faults = [
        Fault("status", f"the milestone '{active[id].key}' is assigned to '{code}', which is retired")
        for id, found in held.items()
        for code in sorted({one.unit_code or one.group_code or "" for one in found} & retired)
    ]
    require(faults, Unmet)


async def _renew_versions(session: Session, fact: Recorded, *, now: datetime) -> None:
    """A milestone shows its plan's default due date and source file: where those change, its version does too."""
    before, after = fact.before or {}, fact.after or {}
    everywhere, inherited = (before.get(name) != after.get(name) for name in ("source", "default_due"))
    if everywhere or inherited:
        for row in await store.milestones_of(session, fact.subject):
            if everywhere or row.due is None:
                row.revision += 1
                row.updated_at = now


def _dates_changed(fact: Recorded) -> bool:
    before, after = fact.before or {}, fact.after or {}
    if {before.get("status"), after.get("status")} & {"archived"} and before.get("status") != after.get("status"):
        return True
    return any(before.get(name) != after.get(name) for name in DATING_FIELDS)
