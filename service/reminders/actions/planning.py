"""Planning the notices of occurrences, and planning them again."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from service.due.workdays import WorkCalendar
from service.holidays.actions import work_calendar
from service.kit.database import Session, alone
from service.kit.ids import derived_id
from service.progress import store as progress_store
from service.progress.rules import Standing, all_finished
from service.reminders.rules.planning import (
    ALL_FINISHED,
    NO_LONGER_OWED,
    NOT_PUBLISHED,
    End,
    FiringStatus,
    Held,
    Opened,
    Replanning,
    replan,
)
from service.reminders.rules.policy import Policy, in_force
from service.reminders.rules.timing import planned
from service.reminders.store import policies as policy_store
from service.reminders.store import schedules as store
from service.reminders.store.schedules import Dated, Schedule

BATCH = 500


async def plan_notices(session: Session, *, occurrences: Collection[str], zone: ZoneInfo, now: datetime) -> None:
    """Bring the firings of these occurrences up to what is wanted of them now. `zone`: that of plans that name none.

    For each batch: 1. lock their schedules, so that two who plan for one occurrence do it one after the other  2. read
    what they are  3. ask the rules  4. write what ends, what is opened, and how far it is planned.
    """
    await session.flush()
    for batch in _batches(sorted(set(occurrences))):
        await _plan_batch(session, batch, zone=zone, now=now)


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


async def _plan_batch(session: Session, ids: Sequence[str], *, zone: ZoneInfo, now: datetime) -> None:
    schedules = await store.lock_schedules(session, ids)
    dated = await store.read_dated(session, ids)
    policies = await policy_store.policies_of(
        session, plans={one.plan for one in dated}, milestones={one.milestone for one in dated}
    )
    standings = await progress_store.standings(session, ids)
    held = await store.held_firings(session, ids)
    calendar = await work_calendar(session)
    ends: list[tuple[str, End, int | None]] = []
    rows: list[dict[str, Any]] = []
    new: list[Schedule] = []
    changed: list[Schedule] = []
    for one in dated:
        policy = in_force(policies, plan=one.plan, milestone=one.milestone)[1]
        here = ZoneInfo(one.time_zone) if one.time_zone else zone
        old = schedules.get(one.id)
        said = _wanted(one, policy, old, held[one.id], standings[one.id], calendar, zone=here, now=now)
        ends += [(id, end, None) for id, end in said.ends]
        rows += [_row(one, each, now=now) for each in said.opens]
        schedule = _schedule(one, said, dataset=calendar.dataset if policy.asks_calendar else "", zone=here, now=now)
        if old is None:
            new.append(schedule)
        elif _differs(old, schedule):
            changed.append(schedule)
    await store.take_out(session, [id for id, _, _ in ends])
    await store.end_firings(session, ends, now=now)
    await store.open_firings(session, rows)
    await store.save_schedules(session, new, changed)


def _wanted(
    one: Dated,
    policy: Policy,
    schedule: Schedule | None,
    held: Sequence[Held],
    standings: Sequence[Standing],
    calendar: WorkCalendar,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> Replanning:
    stopped = _stopped(one, standings)
    idle = stopped is not None or one.due_on is None
    return replan(
        () if idle or one.due_on is None else planned(policy, due_on=one.due_on, zone=zone, calendar=calendar),
        held,
        due_on=one.due_on,
        due_version=schedule.due_version if schedule else 0,
        stopped=stopped,
        now=now,
    )


def _stopped(one: Dated, standings: Sequence[Standing]) -> End | None:
    """Why nobody is to be reminded of an occurrence at all."""
    if not one.active:
        return NO_LONGER_OWED
    if not one.published:
        return NOT_PUBLISHED
    return ALL_FINISHED if all_finished(standings) else None


def _row(one: Dated, opened: Opened, *, now: datetime) -> dict[str, Any]:
    wanted, end = opened.planned, opened.end
    return {
        "id": derived_id("fi", one.id, str(wanted.offset), f"{opened.due_version}"),
        "occurrence": one.id,
        "milestone": one.milestone,
        "plan": one.plan,
        "jurisdiction": one.jurisdiction,
        "offset": str(wanted.offset),
        "kind": wanted.kind.value,
        "due_version": opened.due_version,
        "due_on": one.due_on,
        "fire_at": wanted.fire_at,
        "civil_on": wanted.on,
        "civil_at": wanted.at,
        "time_zone": wanted.zone,
        "local_time": wanted.local_time.value,
        "status": end.status.value if end else FiringStatus.PENDING.value,
        "cause": end.cause.value if end else "",
        "reason": end.reason if end else "",
        "fact": None,
        "created_at": now,
        "ended_at": now if end else None,
    }


def _schedule(one: Dated, said: Replanning, *, dataset: str, zone: ZoneInfo, now: datetime) -> Schedule:
    return Schedule(
        occurrence=one.id,
        jurisdiction=one.jurisdiction,
        due_version=said.due_version,
        extend_at=said.extend_at,
        time_zone=zone.key,
        dataset=dataset,
        planned_at=now,
    )


def _differs(old: Schedule, new: Schedule) -> bool:
    names = ("due_version", "extend_at", "time_zone", "dataset")
    return any(getattr(old, name) != getattr(new, name) for name in names)


async def extend_horizon(session: Session, *, zone: ZoneInfo, now: datetime, limit: int = BATCH) -> int:
    """Plan what has come within the horizon, what is older than reminders, and what other workdays or another default
    time zone would move: `limit` occurrences at most. Answers how many; 0: nothing is left to do.

    A chore; processes that do it at the same time take turns.
    """
    await alone(session, "reminders horizon")
    calendar = await work_calendar(session)
    found = await store.within_horizon(session, now=now, limit=limit)
    if len(found) < limit:
        found += await store.never_planned(session, limit=limit - len(found))
    if len(found) < limit:
        found += await store.outdated(session, dataset=calendar.dataset, zone=zone.key, limit=limit - len(found))
    await plan_notices(session, occurrences=found, zone=zone, now=now)
    return len(found)
