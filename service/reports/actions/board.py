"""Reading boards: how a unit, a plan or a single task stands on a day."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from service.kit.database import Session
from service.kit.paging import cut
from service.milestones import store as milestone_store
from service.milestones.models import Assignment, Milestone, Occurrence
from service.milestones.rules import Assigned, MilestoneKind, Role, answering
from service.plans import store as plan_store
from service.plans.models import Plan
from service.progress import store as progress_store
from service.progress.rules import ProgressStatus, Standing, all_finished, is_finished, light
from service.reports.rules.board import (
    Dated,
    Group,
    Month,
    Named,
    Owed,
    Reporting,
    Sections,
    Task,
    by_month,
    in_sections,
    months_around,
)
from service.reports.store import board as store
from service.units import store as unit_store
from service.units.models import Unit

PAST_SHOWN = 100
COMING_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and when: `zone` is the service's (IANA name), used where a plan names none."""

    now: datetime
    zone: str
    public_only: bool

    def today(self, zone: str | None = None) -> date:
        """The civil date there."""
        return self.now.astimezone(ZoneInfo(zone or self.zone)).date()


@dataclass(frozen=True, slots=True)
class UnitBoard:
    """What a unit owes. `next`: the cursor of more that is to come; `past_cut`: only the latest past dates are here."""

    sections: Sections
    next: str | None
    past_cut: bool


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A task of a plan, with whom it names and its dates in order."""

    task: Task
    named: tuple[Named, ...]
    dates: tuple[Dated, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One due date with everything about it: who is named, which units that means, and the other dates of the task."""

    row: PlanRow
    dated: Dated
    units: tuple[Reporting, ...]


async def months(session: Session, viewer: Viewer, *, jurisdiction: str | None) -> tuple[Month, ...]:
    """How many tasks fall due in each of the months around today."""
    shown = months_around(viewer.today())
    last = (shown[-1] + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    counts = await store.count_by_day(
        session, first=shown[0], last=last, jurisdiction=jurisdiction, public_only=viewer.public_only
    )
    return by_month(counts, shown)


async def unit_board(
    session: Session, viewer: Viewer, *, unit: str, after: tuple[date, str] | None = None
) -> UnitBoard:
    """What a unit owes. Continued after a cursor: what is still to come alone."""
    today = viewer.today()
    where = milestone_store.TaskFilter(unit=unit, status="active", public_only=viewer.public_only)
    # Everything from today on comes after the last possible id of yesterday; what has no date stands at the end.
    start = after or (today - timedelta(days=1), "~")
    rows = await milestone_store.list_occurrences(session, where=where, after=start, limit=COMING_SHOWN + 1)
    coming = cut(rows, COMING_SHOWN, lambda row: (row.sort_on.isoformat(), row.id))
    if after is not None:
        return UnitBoard(in_sections(await _owed(session, viewer, unit, coming.items)), coming.next, past_cut=False)
    past = await store.latest_past(session, unit, today=today, public_only=viewer.public_only, limit=PAST_SHOWN + 1)
    owed = await _owed(session, viewer, unit, [*coming.items, *past[:PAST_SHOWN]])
    owed += await _without_dates(session, viewer, unit)
    return UnitBoard(in_sections(owed), coming.next, past_cut=len(past) > PAST_SHOWN)


async def _owed(session: Session, viewer: Viewer, unit: str, rows: Sequence[Occurrence]) -> list[Owed]:
    milestones = await milestone_store.milestones_by_id(session, {row.milestone for row in rows})
    plans = await plan_store.by_slug(session, {row.plan for row in rows})
    answers = await milestone_store.units_answering(session, [row.id for row in rows])
    mine = {id: one for id, found in answers.items() for one in found if one.unit == unit}
    groups = await unit_store.groups_by_code(session, {one.via for one in mine.values() if one.via})
    said = await progress_store.statuses(session, mine)
    owed = []
    for row in rows:
        plan, one = plans[row.plan], mine[row.id]
        via = Group(one.via, groups[one.via].name) if one.via else None
        task = _task(milestones[row.milestone], plan)
        finished = is_finished(said.get((row.id, unit), ProgressStatus.PENDING))
        dated = _dated(row, today=viewer.today(plan.time_zone), finished=finished)
        owed.append(Owed(task, dated, Role(one.role), via))
    return owed


async def _without_dates(session: Session, viewer: Viewer, unit: str) -> list[Owed]:
    """Tasks of which nobody has said when: their groups are those that the unit is in for good."""
    containing = await unit_store.groups_containing(session, [unit])
    membership = await unit_store.membership_below(session, containing)
    rows = await store.milestones_without_dates(session, unit, groups=containing, public_only=viewer.public_only)
    plans = await plan_store.by_slug(session, {row.plan for row in rows})
    held = await milestone_store.assignments_of(session, [row.id for row in rows])
    groups = await unit_store.groups_by_code(session, containing)
    owed = []
    for row in rows:
        assigned = [
            Assigned(one.unit_code or one.group_code or "", Role(one.role))
            for one in held[row.id]
            if one.unit_code == unit or one.group_code in membership
        ]
        for one in answering(assigned, membership, on=None):
            if one.unit == unit:
                via = Group(one.via, groups[one.via].name) if one.via else None
                owed.append(Owed(_task(row, plans[row.plan]), None, one.role, via))
    return owed


async def plan_rows(session: Session, viewer: Viewer, *, plan: Plan) -> list[PlanRow]:
    """A plan's tasks in its order, cancelled ones too."""
    return await _rows(session, viewer, plan, await milestone_store.milestones_of(session, plan.slug))


async def _rows(session: Session, viewer: Viewer, plan: Plan, milestones: Sequence[Milestone]) -> list[PlanRow]:
    ids = [row.id for row in milestones]
    held = await milestone_store.assignments_of(session, ids)
    occurrences = await milestone_store.occurrences_of(session, ids)
    names = await _names(session, (one for found in held.values() for one in found))
    active = {id: [one for one in found if one.status == "active"] for id, found in occurrences.items()}
    standings = await progress_store.standings(session, [one.id for found in active.values() for one in found])
    today = viewer.today(plan.time_zone)
    return [
        PlanRow(
            _task(row, plan),
            _named(held[row.id], names),
            tuple(_dated(one, today=today, finished=all_finished(standings[one.id])) for one in active[row.id]),
        )
        for row in milestones
    ]


async def card(session: Session, viewer: Viewer, *, id: str) -> Card:
    """One due date. Raises NotFound."""
    row = await milestone_store.get_occurrence(session, id, public_only=viewer.public_only)
    plan = await plan_store.get(session, row.plan)
    milestone = await milestone_store.get(session, row.milestone)
    (shown,) = await _rows(session, viewer, plan, [milestone])
    standings = (await progress_store.standings(session, [row.id]))[row.id]
    units = await unit_store.units_by_code(session, {one.unit for one in standings})
    dated = _dated(row, today=viewer.today(plan.time_zone), finished=all_finished(standings))
    return Card(shown, dated, _reporting(standings, units, row, today=viewer.today(plan.time_zone)))


def _reporting(
    standings: Iterable[Standing], units: Mapping[str, Unit], row: Occurrence, *, today: date
) -> tuple[Reporting, ...]:
    cancelled = row.status != "active"
    return tuple(
        Reporting(
            Named(one.unit, units[one.unit].name, one.role, is_group=False),
            one.status,
            light(one.status, due_on=row.due_on, cancelled=cancelled, today=today),
        )
        for one in standings
    )


async def _names(session: Session, held: Iterable[Assignment]) -> dict[str, str]:
    rows = list(held)
    units = await unit_store.units_by_code(session, {one.unit_code for one in rows if one.unit_code})
    groups = await unit_store.groups_by_code(session, {one.group_code for one in rows if one.group_code})
    return {code: row.name for code, row in (*units.items(), *groups.items())}


def _named(held: Collection[Assignment], names: Mapping[str, str]) -> tuple[Named, ...]:
    strength = {role.value: place for place, role in enumerate(Role)}
    ordered = sorted(held, key=lambda one: (strength[one.role], one.position))
    codes = [(one.unit_code or one.group_code or "", one) for one in ordered]
    return tuple(Named(code, names[code], Role(one.role), one.group_code is not None) for code, one in codes)


def _task(row: Milestone, plan: Plan) -> Task:
    return Task(
        id=row.id,
        key=row.key,
        ref=row.ref,
        title=row.title,
        kind=MilestoneKind(row.kind),
        cancelled=row.status != "active",
        due=row.due or plan.default_due,
        inherited=row.due is None and plan.default_due is not None,
        hand_in=row.hand_in,
        plan=plan.slug,
        plan_title=plan.title,
        draft=plan.status == "draft",
    )


def _dated(row: Occurrence, *, today: date, finished: bool) -> Dated:
    cancelled = row.status != "active"
    status = ProgressStatus.ACCEPTED if finished else ProgressStatus.PENDING
    return Dated(
        id=row.id,
        period=row.period,
        due_on=row.due_on,
        due_time=row.due_time,
        window_start=row.window_start,
        provisional=row.provisional,
        moved_from=row.moved_from,
        cancelled=cancelled,
        finished=finished,
        light=light(status, due_on=row.due_on, cancelled=cancelled, today=today),
        days_left=(row.due_on - today).days if row.due_on else None,
    )
