"""What was announced and is no longer true is not delivered: decided in the very transaction that changes it."""

from collections.abc import Mapping, Sequence

from service.journal.kinds import Kind
from service.journal.models import Recorded
from service.kit.database import Session
from service.progress import store as progress_store
from service.progress.rules import Standing, all_finished
from service.reminders.store.due import database_now
from service.webhooks.store import deliveries as store
from service.webhooks.store import events as event_store
from service.webhooks.store.deliveries import Announced

MOVED = "the due date moved"
NO_LONGER_OWED = "it is no longer owed"
NOT_PUBLISHED = "its plan is not published"
FINISHED = "everybody who has to has finished"


async def supersede(session: Session, facts: Sequence[Recorded]) -> None:
    """End undelivered notices of what these facts moved, cancelled or finished.

    One that somebody is delivering at this moment cannot be called back: it is marked, ends as delivered if it arrives,
    and is not tried again if it does not.
    """
    moved = {fact.subject for fact in facts if fact.kind == Kind.OCCURRENCE_RESCHEDULED and _differs(fact, "due_on")}
    announced = await _announced(session, facts)
    if not announced:
        return
    standings = await progress_store.standings(session, announced)
    reasons = {
        id: reason
        for id, one in announced.items()
        if (reason := _reason(one, standings, moved=id in moved)) is not None
    }
    if reasons:
        await event_store.overtake_waiting(session, reasons)
        await store.supersede(session, reasons, now=await database_now(session))


def _reason(one: Announced, standings: Mapping[str, Sequence[Standing]], *, moved: bool) -> str | None:
    """Why what was announced of an occurrence is no longer true; None: it is."""
    if one.status != "active":
        return NO_LONGER_OWED
    if one.plan_status != "published":
        return NOT_PUBLISHED
    if all_finished(standings[one.occurrence]):
        return FINISHED
    return MOVED if moved else None


async def _announced(session: Session, facts: Sequence[Recorded]) -> dict[str, Announced]:
    """The occurrences that these facts touch and of which a notice is still undelivered."""
    occurrences: set[str] = set()
    milestones: set[str] = set()
    plans: set[str] = set()
    everything = False
    for fact in facts:
        match fact.subject_kind:
            case "occurrence" if fact.kind in (Kind.OCCURRENCE_RESCHEDULED, Kind.OCCURRENCE_CANCELLED):
                occurrences.add(fact.subject)
            case "progress":
                occurrences.add(fact.subject)
            case "milestone" if _differs(fact, "assignments"):
                milestones.add(fact.subject)
            case "plan" if _differs(fact, "status"):
                plans.add(fact.subject)
            case "group" if _differs(fact, "members"):
                everything = True  # who has to finish depends on who is a member; this is rare
            case _:
                pass
    if everything:
        return await store.announced(session)
    found: dict[str, Announced] = {}
    if occurrences:
        found |= await store.announced(session, occurrences=occurrences)
    if milestones:
        found |= await store.announced(session, milestones=milestones)
    if plans:
        found |= await store.announced(session, plans=plans)
    return found


def _differs(fact: Recorded, name: str) -> bool:
    return fact.before is not None and fact.before.get(name) != (fact.after or {}).get(name)
