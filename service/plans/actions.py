"""What can be done to plans."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from service.due import faults as faults_of_due
from service.due.faults import InvalidDue
from service.due.spec import Form, Frame, check, parse, to_mapping
from service.journal.actions import record
from service.journal.kinds import Kind
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Conflict, Fault, Unmet, invalid, require
from service.kit.search import searchable
from service.plans import rules, store
from service.plans.models import Plan
from service.units import store as unit_store
from service.units.actions import require_edit, require_jurisdiction
from service.units.models import Unit

_TOLD = (
    "slug", "jurisdiction", "title", "issuer", "number", "status", "visibility", "published_on", "period_start",
    "period_end", "time_zone", "before_month", "default_due", "superior", "source", "note",
)  # fmt: skip


async def create_plan(
    session: Session, actor: Actor, *, slug: str, jurisdiction: str, values: Mapping[str, Any], now: datetime
) -> Plan:
    """A new plan. `values`: the fields of `Plan` that a person sets. Raises Invalid, Conflict, Denied."""
    await require_edit(session, actor, jurisdiction)
    if not rules.SLUG.match(slug):
        raise invalid("slug", "a plan's slug is lower-case words joined by '-', such as 'chongming-2025'")
    if await session.get(Plan, slug):
        raise Conflict(f"There is a plan '{slug}' already.")
    await require_jurisdiction(session, jurisdiction)
    plan = Plan(slug=slug, jurisdiction=jurisdiction, created_at=now, updated_at=now, **values)
    await _check(session, plan)
    plan.search_text = searchable([plan.slug, plan.title, plan.number])
    session.add(plan)
    await session.flush()
    _record(session, actor, plan, kind=Kind.PLAN_CREATED, before=None, now=now)
    if plan.status == rules.PlanStatus.PUBLISHED:
        _record(session, actor, plan, kind=Kind.PLAN_PUBLISHED, before=None, now=now)
    return plan


async def update_plan(session: Session, actor: Actor, plan: Plan, *, changes: Mapping[str, Any], now: datetime) -> None:
    """Change some fields of a plan. A change that changes nothing is no change. Raises Invalid, Denied."""
    await require_edit(session, actor, plan.jurisdiction)
    before, declared = snapshot(plan), plan.declares
    for name, value in changes.items():
        setattr(plan, name, value)
    await _check(session, plan)
    if before["status"] == rules.PlanStatus.ARCHIVED and plan.status != rules.PlanStatus.ARCHIVED:
        await require_jurisdiction(session, plan.jurisdiction)
    plan.archived_at = (plan.archived_at or now) if plan.status == rules.PlanStatus.ARCHIVED else None
    plan.search_text = searchable([plan.slug, plan.title, plan.number])
    if snapshot(plan) == before and plan.declares == declared:
        return
    plan.revision += 1
    plan.updated_at = now
    if snapshot(plan) == before:  # only the list of what its file declares moved: nobody's deadline knows of it
        return
    kind = Kind.PLAN_UPDATED
    if before["status"] != plan.status:
        kind = {"published": Kind.PLAN_PUBLISHED, "archived": Kind.PLAN_ARCHIVED}.get(plan.status, Kind.PLAN_UPDATED)
    _record(session, actor, plan, kind=kind, before=before, now=now)


async def archive_plan(session: Session, actor: Actor, plan: Plan, *, now: datetime) -> None:
    """Take a plan out of use; it and its milestones stay for history."""
    await update_plan(session, actor, plan, changes={"status": rules.PlanStatus.ARCHIVED.value}, now=now)


def note_contents(plan: Plan, *, now: datetime) -> None:
    """A milestone of the plan changed: whoever replaces the whole document must have seen that.

    The plan must be locked. Nothing is recorded: the milestone's own fact says what changed.
    """
    plan.revision += 1
    plan.updated_at = now


def snapshot(plan: Plan) -> dict[str, Any]:
    """A plan as the journal keeps it (JSON values)."""
    told = {name: getattr(plan, name) for name in _TOLD}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in told.items()}


def frame_of(plan: Plan) -> Frame:
    """What this plan contributes to the meaning of its milestones' due specifications."""
    return rules.frame(
        start=plan.period_start,
        end=plan.period_end,
        published_on=plan.published_on,
        before_month=plan.before_month,
    )


def _record(
    session: Session, actor: Actor, plan: Plan, *, kind: Kind, before: dict[str, Any] | None, now: datetime
) -> None:
    record(
        session,
        actor,
        kind=kind,
        subject=plan.slug,
        jurisdiction=plan.jurisdiction,
        before=before,
        after=snapshot(plan),
        now=now,
    )


async def _check(session: Session, plan: Plan) -> None:
    """Raise Invalid with everything that is wrong; bring the default due specification into its canonical form."""
    require([*_own_faults(plan), *_due_faults(plan)])
    faults = []
    if plan.issuer is not None:
        faults += await _issuer_faults(session, plan.issuer, archived=plan.status == rules.PlanStatus.ARCHIVED)
    if plan.superior is not None and not await session.get(Plan, plan.superior):
        faults.append(Fault("superior", f"there is no plan '{plan.superior}'"))
    require(faults, Unmet)
    if plan.superior is not None and plan.slug in await store.superiors(session, plan.superior):
        raise invalid("superior", "a plan cannot be its own superior, not through others either")


async def _issuer_faults(session: Session, issuer: str, *, archived: bool) -> list[Fault]:
    row = (await unit_store.held(session, Unit, [issuer])).get(issuer)
    if row is None:
        return [Fault("issuer", f"there is no unit '{issuer}'")]
    return [Fault("issuer", f"'{issuer}' is retired")] if row.retired_at is not None and not archived else []


def _own_faults(plan: Plan) -> list[Fault]:
    faults = []
    if not plan.title.strip():
        faults.append(Fault("title", "a plan needs a title"))
    if plan.superior == plan.slug:
        faults.append(Fault("superior", "a plan cannot be its own superior"))
    if (plan.period_start is None) != (plan.period_end is None):
        faults.append(Fault("period", "a period has a first and a last day"))
    if plan.period_start and plan.period_end and plan.period_start > plan.period_end:
        faults.append(Fault("period", f"it ends ({plan.period_end}) before it starts ({plan.period_start})"))
    try:
        ZoneInfo(plan.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults.append(Fault("time_zone", f"'{plan.time_zone}' is no IANA time zone; write one like Asia/Shanghai"))
    return faults


def due_faults(path: str, *, faults: Iterable[faults_of_due.Fault]) -> list[Fault]:
    """What is wrong with a due specification, seen from the thing that holds it."""
    return [Fault(".".join(map(str, (path, *fault.path))), fault.message) for fault in faults]


def _due_faults(plan: Plan) -> list[Fault]:
    if plan.default_due is None:
        return []
    try:
        spec = parse(plan.default_due)
    except InvalidDue as wrong:
        return due_faults("default_due", faults=wrong.faults)
    plan.default_due = to_mapping(spec)
    if spec.form is Form.RECURRING:
        return [Fault("default_due.rrule", "a plan's default cannot recur; give each duty its own due specification")]
    return due_faults("default_due", faults=check(spec, frame_of(plan)))
