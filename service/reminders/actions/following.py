"""What reminders do when something upstream changes: they pull it from the journal, in the same transaction."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from service.holidays.actions import work_calendar
from service.journal.kinds import Kind
from service.journal.models import Recorded
from service.kit.database import Session
from service.milestones import store as milestone_store
from service.reminders.actions.planning import plan_notices
from service.reminders.rules.policy import OF_SERVICE
from service.reminders.store import schedules as store
from service.units import store as unit_store

_MOVES = frozenset({Kind.OCCURRENCE_CREATED, Kind.OCCURRENCE_RESCHEDULED, Kind.OCCURRENCE_CANCELLED})


async def follow(session: Session, facts: Sequence[Recorded], *, now: datetime) -> None:
    """Plan anew the notices of whatever these facts touch. `now` comes in the service's time zone.

    A moved, cancelled or finished occurrence loses its pending notices in the very transaction that moves, cancels or
    finishes it; what is new, or owed again, gets its notices there.
    """
    zone = now.tzinfo if isinstance(now.tzinfo, ZoneInfo) else ZoneInfo("UTC")
    touched: set[str] = set()
    milestones: set[str] = set()
    groups: set[str] = set()
    for fact in facts:
        match fact.subject_kind:
            case "occurrence" if fact.kind in _MOVES:
                touched.add(fact.subject)
            case "progress":
                touched.add(fact.subject)
            case "milestone" if _differs(fact, "assignments"):
                milestones.add(fact.subject)
            case "group" if _differs(fact, "members"):
                groups.add(fact.subject)
            case "plan" if _differs(fact, "status", "time_zone"):
                touched.update(await store.occurrences_of_plan(session, fact.subject))
            case "reminders":
                touched.update(await _under_policy(session, fact.subject))
            case "holidays":
                dataset = (await work_calendar(session)).dataset
                touched.update(await store.outdated(session, dataset=dataset, zone=zone.key))
            case _:
                pass
    milestones |= await _answered_by(session, groups)
    if milestones:
        touched.update(await store.occurrences_of_milestones(session, milestones))
    await plan_notices(session, occurrences=touched, zone=zone, now=now)


def _differs(fact: Recorded, *names: str) -> bool:
    """Whether something that was there before is otherwise now."""
    if fact.before is None:
        return False
    return any(fact.before.get(name) != (fact.after or {}).get(name) for name in names)


async def _under_policy(session: Session, subject: str) -> list[str]:
    kind, _, name = subject.partition(":")
    if subject == OF_SERVICE:
        return await store.occurrences_in_use(session)
    if kind == "plan":
        return await store.occurrences_of_plan(session, name)
    return await store.occurrences_of_milestones(session, [name])


async def _answered_by(session: Session, groups: set[str]) -> set[str]:
    """Who has to finish depends on who is a member: the milestones that name these groups, or groups around them."""
    if not groups:
        return set()
    around = groups | await unit_store.groups_containing(session, groups)
    return set(await milestone_store.milestones_with_groups(session, around))
