"""From a due specification to occurrences, and who answers for each."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.due.expand import Due, expand
from service.due.faults import InvalidDue
from service.due.match import match
from service.due.spec import parse
from service.due.workdays import WorkCalendar
from service.holidays.actions import work_calendar
from service.journal.actions import record_all
from service.journal.kinds import Kind
from service.journal.rules import Fact
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

    For all: 1. expand  2. pair new dates with old occurrences, so that a moved one keeps its identity  3. write what
    differs  4. cancel what is gone  5. record it  6. resolve the groups as of each due date. It takes as many
    statements for a thousand milestones as for one. Raises Invalid where a milestone means nothing in this plan any
    more: a rule without an end once the plan has no period.
    """
    dues = _all_dues(plan, milestones, await work_calendar(session))
    held = await store.occurrences_of(session, [row.id for row in milestones])
    matches = [_matched(row, held[row.id], dues[row.id]) for row in milestones]
    freed = [row for each in matches for row, due, _before in each.moves if row.period != due.period]
    for row in freed:  # another one may give up this very period: free them all, then set them all
        row.period = f"~{row.id[-24:]}"
    if freed:
        await session.flush()
    facts: list[Fact] = []
    rows: list[dict[str, Any]] = []
    for each in matches:
        facts += _write_match(each, rows=rows, now=now)
    await session.flush()
    await store.insert_rows(session, Occurrence, rows)
    await record_all(session, actor, facts, now=now)
    await resolve_units(session, milestones=[row.id for row in milestones])


@dataclass(frozen=True, slots=True)
class _Match:
    """A milestone's occurrences so far; which due date each continues, and what was said of it; what is new."""

    milestone: Milestone
    old: Sequence[Occurrence]
    moves: Sequence[tuple[Occurrence, Due, dict[str, Any]]]
    fresh: Sequence[Due]


def _matched(milestone: Milestone, old: Sequence[Occurrence], dues: Sequence[Due]) -> _Match:
    pairs, fresh = _pair(old, dues)
    return _Match(milestone, old, [(row, due, snapshot(row)) for row, due in pairs], fresh)


def _write_match(match: _Match, *, rows: list[dict[str, Any]], now: datetime) -> Iterator[Fact]:
    """Move, make and cancel a milestone's occurrences; those that are made are added to `rows`."""
    for row, due, before in match.moves:
        yield from _move(row, due, before=before, now=now)
    taken = {row.id for row in match.old}
    for due in match.fresh:
        made = _made(match.milestone, due, taken=taken, now=now)
        rows.append(made)
        yield Fact(Kind.OCCURRENCE_CREATED, made["id"], made["jurisdiction"], None, _told(made))
    kept = {row.id for row, _due, _before in match.moves}
    for row in match.old:
        if row.id not in kept:
            yield from _cancel(row, now=now)


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
    changed: list[str] = []
    new: list[dict[str, Any]] = []
    for milestone, rows in occurrences.items():
        assigned = [
            rules.Assigned(row.unit_code or row.group_code or "", rules.Role(row.role))
            for row in sorted(assignments[milestone], key=lambda row: row.position)
        ]
        for row in rows:
            wanted = rules.answering(assigned, membership, on=row.due_on)
            # What is cancelled keeps the units that it had: they are the ones who must hear of it.
            if row.status == "active" and await _write_units(session, row, held[row.id], wanted, new=new):
                changed.append(row.id)
    await session.flush()
    await store.insert_rows(session, OccurrenceUnit, new)
    return changed


async def _write_units(
    session: Session,
    occurrence: Occurrence,
    held: Sequence[OccurrenceUnit],
    wanted: Sequence[rules.Answering],
    *,
    new: list[dict[str, Any]],
) -> bool:
    """Bring the rows of an occurrence up to who is wanted; those to be made are added to `new`."""
    told = [(row.unit, row.role, row.via) for row in held]
    if told == [(one.unit, one.role.value, one.via) for one in wanted]:
        return False
    rows = {row.unit: row for row in held}
    for position, one in enumerate(wanted):
        row = rows.pop(one.unit, None)
        if row is not None:
            row.role, row.via, row.position = one.role.value, one.via, position
            continue
        new.append(
            {
                "occurrence": occurrence.id,
                "unit": one.unit,
                "jurisdiction": occurrence.jurisdiction,
                "role": one.role.value,
                "via": one.via,
                "position": position,
            }
        )
    for gone in rows.values():
        await session.delete(gone)
    return True


def _made(milestone: Milestone, due: Due, *, taken: Collection[str], now: datetime) -> dict[str, Any]:
    id = derived_id("oc", milestone.id, due.period)
    if id in taken:  # the one first made for this period has moved to another since
        id = new_id("oc")
    return {
        "id": id,
        "milestone": milestone.id,
        "plan": milestone.plan,
        "jurisdiction": milestone.jurisdiction,
        "status": rules.MilestoneStatus.ACTIVE.value,
        "moved_from": None,
        "moved_at": None,
        "revision": 1,
        "created_at": now,
        "updated_at": now,
        "cancelled_at": None,
        **_fields(due),
    }


def _move(row: Occurrence, due: Due, *, before: dict[str, Any], now: datetime) -> Iterator[Fact]:
    """Give an occurrence its new dates, and call it active again where it was cancelled."""
    was_due_on, was_cancelled = row.due_on, row.status != "active"
    for name, value in _fields(due).items():
        setattr(row, name, value)
    row.status, row.cancelled_at = "active", None
    after = snapshot(row)
    if after == before:
        return
    row.revision += 1
    row.updated_at = now
    if was_due_on != row.due_on and not was_cancelled:
        row.moved_from, row.moved_at = was_due_on, now
    yield Fact(Kind.OCCURRENCE_RESCHEDULED, row.id, row.jurisdiction, before, after)


def _cancel(row: Occurrence, *, now: datetime) -> Iterator[Fact]:
    if row.status == "cancelled":
        return
    before = snapshot(row)
    row.status, row.cancelled_at = "cancelled", now
    row.revision += 1
    row.updated_at = now
    yield Fact(Kind.OCCURRENCE_CANCELLED, row.id, row.jurisdiction, before, snapshot(row))


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
    return _told({name: getattr(row, name) for name in _TOLD})


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: values[name] for name in _TOLD}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in told.items()}
