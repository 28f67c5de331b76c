"""Ending the firings whose time has come: what goes out becomes a fact, in the same transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from service.journal.actions import record
from service.journal.kinds import Kind
from service.journal.models import JournalEntry
from service.kit.actor import SERVICE
from service.kit.database import Session
from service.progress import store as progress_store
from service.progress.rules import Standing
from service.reminders.rules.ending import CATCH_UP, FIRE, CatchUp, Notice, Owed, catch_up, ending, told_with
from service.reminders.rules.offsets import NoticeKind
from service.reminders.rules.planning import End, FiringStatus
from service.reminders.store import due as store
from service.reminders.store.due import Claimed, Subject
from service.reminders.store.schedules import end_firings

BATCH = 500

_KINDS = {
    NoticeKind.DUE_SOON: Kind.OCCURRENCE_DUE_SOON,
    NoticeKind.DUE: Kind.OCCURRENCE_DUE,
    NoticeKind.OVERDUE: Kind.OCCURRENCE_OVERDUE,
}


@dataclass(frozen=True, slots=True)
class Fired:
    """A firing that this call ended: how, how long after the instant for which it was planned, and its fact if any."""

    firing: Claimed
    end: End
    lateness: timedelta
    fact: JournalEntry | None


@dataclass(frozen=True, slots=True)
class _Scene:
    """What has to be known of the occurrences whose firings are due."""

    subjects: Mapping[str, Subject]
    standings: Mapping[str, Sequence[Standing]]
    beside: Mapping[str, Sequence[Notice]]


async def fire_due(
    session: Session,
    *,
    now: datetime | None = None,
    limit: int = BATCH,
    policy: Mapping[NoticeKind, CatchUp] = CATCH_UP,
) -> list[Fired]:
    """End firings whose time has come, the oldest first, `limit` at most. `now`: None asks the database's clock.

    1. claim  2. read what they are about  3. ask the rules how each ends  4. record a fact for each that goes out
    5. end them. All of it commits together or not at all: nothing is fired without its fact, or twice. Fewer than
    `limit` in the answer: nothing else is due. What did not go out is in the answer too.
    """
    now = now or await store.database_now(session)
    claimed = await store.claim_due(session, now=now, limit=limit)
    if not claimed:
        return []
    scene = await _scene(session, claimed, now=now, policy=policy)
    fired: list[Fired] = []
    for one in claimed:
        end = _end(one, scene, now=now, policy=policy)
        fact = _record(session, one, scene, now=now, policy=policy) if end.status is FiringStatus.FIRED else None
        fired.append(Fired(one, end, now - one.fire_at, fact))
    await session.flush()  # a fact's number is known when it is written
    ends = [(one.firing.id, one.end, one.fact.id if one.fact else None) for one in fired]
    await end_firings(session, ends, now=now)
    return fired


async def _scene(
    session: Session, claimed: Sequence[Claimed], *, now: datetime, policy: Mapping[NoticeKind, CatchUp]
) -> _Scene:
    occurrences = {one.occurrence for one in claimed}
    # Only what comes later overtakes; a digest alone looks back.
    since = None if CatchUp.DIGEST in policy.values() else min(one.fire_at for one in claimed)
    return _Scene(
        subjects=await store.read_subjects(session, occurrences),
        standings=await progress_store.standings(session, occurrences),
        beside=await store.notices_beside(session, occurrences, since=since, now=now),
    )


def _end(one: Claimed, scene: _Scene, *, now: datetime, policy: Mapping[NoticeKind, CatchUp]) -> End:
    subject = scene.subjects[one.occurrence]
    owed = Owed(subject.status == "active", subject.plan_status == "published", subject.due_on)
    today = now.astimezone(ZoneInfo(one.time_zone)).date()
    end = ending(one.notice, owed, scene.standings[one.occurrence], today=today)
    if end is not FIRE:
        return end
    return catch_up(one.notice, scene.beside[one.occurrence], now=now, policy=policy)


def _record(
    session: Session, one: Claimed, scene: _Scene, *, now: datetime, policy: Mapping[NoticeKind, CatchUp]
) -> JournalEntry:
    subject = scene.subjects[one.occurrence]
    others = told_with(one.notice, scene.beside[one.occurrence], policy=policy)
    standings = scene.standings[one.occurrence]
    return record(
        session,
        SERVICE,
        kind=_KINDS[one.notice.kind],
        subject=one.occurrence,
        jurisdiction=one.jurisdiction,
        before=None,
        after=_told(subject)
        | {
            "units": [{"code": each.unit, "role": each.role.value, "status": each.status.value} for each in standings],
            "notice": _notice(one, others, now=now),
        },
        now=now,
    )


def _told(subject: Subject) -> dict[str, Any]:
    """The occurrence, its milestone and its plan, as JSON values; named as in the occurrence's other facts."""
    told: dict[str, Any] = {}
    for name in Subject.__dataclass_fields__:
        value = getattr(subject, name)
        told[name] = value.isoformat() if hasattr(value, "isoformat") else value
    del told["plan_status"]
    return told


def _notice(one: Claimed, others: Sequence[Notice], *, now: datetime) -> dict[str, Any]:
    """What went out and why: the cause of an event. Instants are RFC 3339 in UTC, lateness is in seconds."""
    today = now.astimezone(ZoneInfo(one.time_zone)).date()
    return {
        "firing": one.id,
        "kind": one.kind,
        "offset": one.offset,
        "due_version": one.due_version,
        "scheduled_for": _instant(one.fire_at),
        "fired_at": _instant(now),
        "lateness_s": round((now - one.fire_at).total_seconds(), 3),
        "days_left": (one.due_on - today).days,
        "time_zone": one.time_zone,
        "local_time": one.local_time,
        "also": [
            {"firing": each.id, "offset": each.offset, "scheduled_for": _instant(each.fire_at)} for each in others
        ],
    }


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def tally(fired: Sequence[Fired]) -> dict[tuple[str, str], int]:
    """(kind, status) → how many: what a tick reports."""
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for one in fired:
        counted[one.firing.kind, one.end.status.value] += 1
    return dict(counted)
