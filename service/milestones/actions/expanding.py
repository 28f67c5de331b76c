"""From a due specification to occurrences, and who answers for each."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from service.due.expand import Due, expand
from service.due.faults import InvalidDue
from service.due.match import match
from service.due.spec import parse
from service.due.workdays import WorkCalendar
from service.holidays.actions import work_calendar
from service.journal.actions import record
from service.journal.kinds import Kind
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Fault, Invalid
from service.kit.ids import derived_id, new_id
from service.milestones import rules, store
from service.milestones.models import Milestone, Occurrence, OccurrenceUnit
from service.plans.actions import due_faults, frame_of
from service.plans.models import Plan
from service.units import store as unit_store

_TOLD = ("milestone", "plan", "period", "window_start", "nominal_due_on", "due_on", "due_time", "provisional", "status")


async def expand_milestones(
    session: Session, actor: Actor, *, plan: Plan, milestones: Sequence[Milestone], now: datetime
) -> None:
    """Bring milestones' occurrences, and who answers for them, up to what their due specifications and plan say.

    For each: 1. expand  2. pair new dates with old occurrences, so that a moved one keeps its identity  3. write what
    differs  4. cancel what is gone. Then, for all: resolve the groups as of each due date. Raises Invalid where a
    milestone means nothing in this plan any more: a rule without an end once the plan has no period.
    """
    dues = _all_dues(plan, milestones, await work_calendar(session))
    held = await store.occurrences_of(session, [row.id for row in milestones])
    for milestone in milestones:
        await _write_occurrences(session, actor, milestone, held[milestone.id], dues[milestone.id], now=now)
    await session.flush()
    await resolve_units(session, milestones=[row.id for row in milestones])


async def _write_occurrences(
    session: Session,
    actor: Actor,
    milestone: Milestone,
    old: Sequence[Occurrence],
    dues: Sequence[Due],
    *,
    now: datetime,
) -> None:
    pairs, fresh = _pair(old, dues)
    moves = [(row, due, snapshot(row)) for row, due in pairs]
    freed = [row for row, due, _before in moves if row.period != due.period]
    for row in freed:  # another one may give up this very period: free them all, then set them all
        row.period = f"~{row.id[-24:]}"
    if freed:
        await session.flush()
    for row, due, before in moves:
        _move(session, actor, row, due, before=before, now=now)
    taken = {row.id for row in old}
    for due in fresh:
        _create(session, actor, milestone, due, taken=taken, now=now)
    kept = {row.id for row, _due, _before in moves}
    for row in old:
        if row.id not in kept:
            _cancel(session, actor, row, now=now)


def _pair(old: Sequence[Occurrence], dues: Sequence[Due]) -> tuple[list[tuple[Occurrence, Due]], list[Due]]:
    """Which occurrence each due date continues, and what is new.

    The one with its period; of the rest active ones first, then those called off before.
    """
    held = {row.period: row for row in old}
    # The same period first, called off or not: what moves must never want a period that another one keeps.
    pairs = [(held[due.period], due) for due in dues if due.period in held]
    kept = {row.id for row, _due in pairs}
    left = [row for row in old if row.id not in kept]
    fresh = [due for due in dues if due.period not in held]
    for rows in ([row for row in left if row.status == "active"], [row for row in left if row.status != "active"]):
        matched = match([(row.period, row.cycle) for row in rows], fresh)
        pairs += [(rows[before], fresh[after]) for before, after in matched.kept]
        fresh = [fresh[after] for after in matched.fresh]
    return pairs, fresh


def _all_dues(plan: Plan, milestones: Sequence[Milestone], calendar: WorkCalendar) -> dict[str, Sequence[Due]]:
    dues: dict[str, Sequence[Due]] = {}
    faults: list[Fault] = []
    for milestone in milestones:
        try:
            dues[milestone.id] = _dues(plan, milestone, calendar)
        except InvalidDue as wrong:
            faults += due_faults(f"milestones.{milestone.key}.due", faults=wrong.faults)
    if faults:
        raise Invalid("; ".join(map(str, faults)), faults=faults)
    return dues


def _dues(plan: Plan, milestone: Milestone, calendar: WorkCalendar) -> Sequence[Due]:
    mapping = milestone.due or plan.default_due
    if mapping is None or milestone.status == "cancelled" or plan.status == "archived":
        return ()
    return expand(parse(mapping), frame_of(plan), calendar)


async def resolve_units(session: Session, *, milestones: Sequence[str]) -> list[str]:
    """Write down who answers for these milestones' occurrences, groups resolved as of the due date.

    Answers the ids of the occurrences whose units changed.
    """
    assignments = await store.assignments_of(session, milestones)
    groups = {row.group_code for rows in assignments.values() for row in rows if row.group_code}
    membership = await unit_store.membership_below(session, groups, hold=True)
    occurrences = await store.occurrences_of(session, milestones)
    held = await store.units_answering(session, [row.id for rows in occurrences.values() for row in rows])
    changed = []
    for milestone, rows in occurrences.items():
        assigned = [
            rules.Assigned(row.unit_code or row.group_code or "", rules.Role(row.role))
            for row in sorted(assignments[milestone], key=lambda row: row.position)
        ]
        for row in rows:
            wanted = rules.answering(assigned, membership, on=row.due_on)
            # What is cancelled keeps the units that it had: they are the ones who must hear of it.
            if row.status == "active" and await _write_units(session, row, held[row.id], wanted):
                changed.append(row.id)
    await session.flush()
    return changed


async def _write_units(
    session: Session,
    occurrence: Occurrence,
    held: Sequence[OccurrenceUnit],
    wanted: Sequence[rules.Answering],
) -> bool:
    told = [(row.unit, row.role, row.via) for row in held]
    if told == [(one.unit, one.role.value, one.via) for one in wanted]:
        return False
    rows = {row.unit: row for row in held}
    for position, one in enumerate(wanted):
        row = rows.pop(one.unit, None) or OccurrenceUnit(
            occurrence=occurrence.id, unit=one.unit, jurisdiction=occurrence.jurisdiction, role="", position=0
        )
        row.role, row.via, row.position = one.role.value, one.via, position
        session.add(row)
    for gone in rows.values():
        await session.delete(gone)
    return True


def _create(
    session: Session, actor: Actor, milestone: Milestone, due: Due, *, taken: Collection[str], now: datetime
) -> Occurrence:
    id = derived_id("oc", milestone.id, due.period)
    if id in taken:  # the one first made for this period has moved to another since
        id = new_id("oc")
    row = Occurrence(
        id=id,
        milestone=milestone.id,
        plan=milestone.plan,
        jurisdiction=milestone.jurisdiction,
        created_at=now,
        updated_at=now,
        **_fields(due),
    )
    session.add(row)
    _record(session, actor, row, kind=Kind.OCCURRENCE_CREATED, before=None, now=now)
    return row


def _move(session: Session, actor: Actor, row: Occurrence, due: Due, *, before: dict[str, Any], now: datetime) -> None:
    """Give an occurrence its new dates, and call it active again where it was cancelled."""
    was_due_on, was_cancelled = row.due_on, row.status != "active"
    for name, value in _fields(due).items():
        setattr(row, name, value)
    row.status, row.cancelled_at = "active", None
    if snapshot(row) == before:
        return
    row.revision += 1
    row.updated_at = now
    if was_due_on != row.due_on and not was_cancelled:
        row.moved_from, row.moved_at = was_due_on, now
    _record(session, actor, row, kind=Kind.OCCURRENCE_RESCHEDULED, before=before, now=now)


def _cancel(session: Session, actor: Actor, row: Occurrence, *, now: datetime) -> None:
    if row.status == "cancelled":
        return
    before = snapshot(row)
    row.status, row.cancelled_at = "cancelled", now
    row.revision += 1
    row.updated_at = now
    _record(session, actor, row, kind=Kind.OCCURRENCE_CANCELLED, before=before, now=now)


def _fields(due: Due) -> dict[str, Any]:
    return {
        "period": due.period,
        "cycle": due.cycle,
        "window_start": due.window_start,
        "nominal_due_on": due.nominal_due_on,
        "due_on": due.due_on,
        "due_time": due.due_time,
        "sort_on": due.due_on or rules.NO_DATE,
        "provisional": due.provisional,
        "dataset": due.dataset,
    }


def snapshot(row: Occurrence) -> dict[str, Any]:
    """An occurrence as the journal keeps it (JSON values)."""
    told = {name: getattr(row, name) for name in _TOLD}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in told.items()}


def _record(
    session: Session, actor: Actor, row: Occurrence, *, kind: Kind, before: dict[str, Any] | None, now: datetime
) -> None:
    record(
        session,
        actor,
        kind=kind,
        subject=row.id,
        jurisdiction=row.jurisdiction,
        before=before,
        after=snapshot(row),
        now=now,
    )
