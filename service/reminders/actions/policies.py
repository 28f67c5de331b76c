"""Setting and taking away reminder policies. What follows from it for firings, `following` does."""

from dataclasses import dataclass
from datetime import datetime

from service.access.rules import require_scope
from service.journal.actions import record
from service.journal.kinds import Kind
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Denied
from service.milestones.models import Milestone
from service.plans.models import Plan
from service.reminders.models import ReminderPolicy
from service.reminders.rules.policy import OF_SERVICE, Policy, in_force, of_milestone, of_plan, to_mapping
from service.reminders.store import policies as store
from service.units.actions import require_edit

Subject = Plan | Milestone | None


@dataclass(frozen=True, slots=True)
class InForce:
    """The policy that holds, and whose it is: `milestone`, `plan` or `service`."""

    policy: Policy
    origin: str


def subject_of(thing: Subject) -> str:
    """The name under which a policy is kept; None: the service's own."""
    if isinstance(thing, Plan):
        return of_plan(thing.slug)
    return of_milestone(thing.id) if isinstance(thing, Milestone) else OF_SERVICE


async def policy_in_force(session: Session, *, thing: Subject) -> InForce:
    """What holds for a milestone, for a plan's milestones that have none of their own, or for plans without one."""
    plan = thing.slug if isinstance(thing, Plan) else thing.plan if thing else ""
    milestone = thing.id if isinstance(thing, Milestone) else None
    set_ones = await store.policies_of(session, plans=[plan], milestones=[milestone] if milestone else [])
    subject, policy = in_force(set_ones, plan=plan, milestone=milestone)
    return InForce(policy, subject.partition(":")[0])


async def set_policy(
    session: Session, actor: Actor, thing: Subject, *, policy: Policy, now: datetime
) -> ReminderPolicy:
    """Give a plan, a milestone or (None) the service a policy. The same again is no change. Raises Denied."""
    await _require(session, actor, thing)
    return await _write(session, actor, thing, policy=policy, now=now)


async def remove_policy(session: Session, actor: Actor, thing: Subject, *, now: datetime) -> None:
    """Take a policy away: the next one holds again. Where there is none, nothing happens. Raises Denied."""
    await _require(session, actor, thing)
    row = await store.get_locked(session, subject_of(thing))
    if row is not None and row.policy is not None:
        await _write(session, actor, thing, policy=None, now=now)


async def _require(session: Session, actor: Actor, thing: Subject) -> None:
    if thing is not None:
        await require_edit(session, actor, thing.jurisdiction)
        return
    require_scope(actor, "admin")
    if actor.jurisdiction is not None:
        raise Denied("This holds for everybody: this key may only change what belongs to one jurisdiction.")


async def _write(
    session: Session, actor: Actor, thing: Subject, *, policy: Policy | None, now: datetime
) -> ReminderPolicy:
    subject, told = subject_of(thing), to_mapping(policy) if policy is not None else None
    row = await store.get_locked(session, subject)
    before = row.policy if row else None
    if row is not None and before == told:
        return row
    jurisdiction = thing.jurisdiction if thing else None
    row = row or ReminderPolicy(subject=subject, jurisdiction=jurisdiction, revision=0, updated_at=now)
    row.policy, row.updated_at = told, now
    row.revision += 1
    session.add(row)
    await session.flush()
    record(
        session,
        actor,
        kind=Kind.REMINDERS_UPDATED,
        subject=subject,
        jurisdiction=jurisdiction,
        before=before,
        after=told,
        now=now,
    )
    return row
