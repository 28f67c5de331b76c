"""What milestones do when something upstream changes: they pull it from the journal, in the same transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from service.journal.models import JournalEntry
from service.kit.actor import Actor
from service.milestones import store
from service.milestones.actions.expanding import expand_milestone, resolve_units
from service.plans import store as plan_store
from service.plans.rules import DATING_FIELDS
from service.units import store as unit_store


async def follow(session: AsyncSession, actor: Actor, *, facts: Sequence[JournalEntry], now: datetime) -> None:
    """Compute anew what a changed plan dates, and who answers where a group's membership changed."""
    for fact in facts:
        if fact.subject_kind == "plan" and fact.before is not None and _dates_changed(fact):
            plan = await plan_store.get(session, fact.subject)
            for milestone in await store.milestones_of(session, plan.slug):
                await expand_milestone(session, actor, plan=plan, milestone=milestone, now=now)
    groups = {fact.subject for fact in facts if fact.subject_kind == "group" and fact.before is not None}
    if groups:
        groups |= await unit_store.groups_containing(session, groups)
        await resolve_units(session, milestones=await store.milestones_with_groups(session, groups))


def _dates_changed(fact: JournalEntry) -> bool:
    before, after = fact.before or {}, fact.after or {}
    if {before.get("status"), after.get("status")} & {"archived"} and before.get("status") != after.get("status"):
        return True
    return any(before.get(name) != after.get(name) for name in DATING_FIELDS)
