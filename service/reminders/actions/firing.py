"""Ending the firings whose time has come: what goes out becomes a fact, in the same transaction."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from service.journal.actions import record_all
from service.journal.models import Recorded
from service.journal.rules import Fact
from service.kit.actor import SERVICE
from service.kit.database import Session
from service.kit.failpoints import failpoint
from service.progress import store as progress_store
from service.progress.rules import Standing
from service.reminders.actions.telling import Teller
from service.reminders.rules.ending import CATCH_UP, FIRE, CatchUp, Notice, Owed, catch_up, ending, told_with
from service.reminders.rules.offsets import NoticeKind
from service.reminders.rules.planning import End, FiringStatus
from service.reminders.store import due as store
from service.reminders.store.due import Claimed, Subject
from service.reminders.store.schedules import end_firings

BATCH = 1_000  # from 500 to 10,000 each costs the same; whoever else wants to write waits for a batch


class Fired(NamedTuple):
    """A firing that this call ended: how, how long after the instant for which it was planned, and its fact if any."""

    firing: Claimed
    end: End
    lateness: timedelta
    fact: Recorded | None


class _Scene(NamedTuple):
    """What has to be known of the occurrences whose firings are due. `beside`: where several count, all that do."""

    now: datetime
    policy: Mapping[NoticeKind, CatchUp]
    subjects: Mapping[str, Subject]
    standings: Mapping[str, Sequence[Standing]]
    beside: Mapping[str, Sequence[Notice]]
    today: Mapping[str, date]


async def fire_due(
    session: Session,
    *,
    now: datetime | None = None,
    limit: int = BATCH,
    without: Collection[str] = (),
    only: str = "",
    policy: Mapping[NoticeKind, CatchUp] = CATCH_UP,
) -> list[Fired]:
    """End firings whose time has come, the oldest first, `limit` at most. `now`: None asks the database's clock.

    1. claim  2. read what they are about  3. ask the rules how each ends  4. record a fact for each that goes out
    5. end them. All of it commits together or not at all: nothing is fired without its fact, or twice. Fewer than
    `limit` in the answer: nothing else is due. What did not go out is in the answer too. However many there are, it
    takes a handful of statements, and no object of the ORM. `without` these, `only` this one: for whoever looks for the
    one that fails.
    """
    now = now or await store.database_now(session)
    claimed = await store.claim_due(session, now=now, limit=limit, without=without, only=only)
    if not claimed:
        return []
    failpoint("fire.claimed")
    scene = await _scene(session, claimed, now=now, policy=policy)
    ends = [_end(one, scene) for one in claimed]
    going = [one for one, end in zip(claimed, ends, strict=True) if end.status is FiringStatus.FIRED]
    written = iter(await record_all(session, SERVICE, _facts(going, scene), now=now))
    fired = [
        Fired(one, end, now - one.fire_at, next(written) if end.status is FiringStatus.FIRED else None)
        for one, end in zip(claimed, ends, strict=True)
    ]
    await end_firings(session, [(one.id, end, fact.id if fact else None) for one, end, _, fact in fired], now=now)
    return fired


async def _scene(
    session: Session, claimed: Sequence[Claimed], *, now: datetime, policy: Mapping[NoticeKind, CatchUp]
) -> _Scene:
    occurrences = list(dict.fromkeys(one.occurrence for one in claimed))
    # Only what comes later overtakes; a digest alone looks back.
    since = None if CatchUp.DIGEST in policy.values() else min(one.fire_at for one in claimed)
    crowded = await store.crowded(session, occurrences, since=since, now=now)
    return _Scene(
        now=now,
        policy=policy,
        subjects=await store.read_subjects(session, occurrences),
        standings=await progress_store.standings(session, occurrences),
        beside=await store.notices_beside(session, crowded, since=since, now=now) if crowded else {},
        today={zone: now.astimezone(ZoneInfo(zone)).date() for zone in {one.time_zone for one in claimed}},
    )


def _end(one: Claimed, scene: _Scene) -> End:
    subject, notice = scene.subjects[one.occurrence], one.notice
    owed = Owed(subject.status == "active", subject.plan_status == "published", subject.due_on)
    end = ending(notice, owed, scene.standings[one.occurrence], today=scene.today[one.time_zone])
    if end is not FIRE:
        return end
    return catch_up(notice, scene.beside.get(one.occurrence, ()), now=scene.now, policy=scene.policy)


def _facts(going: Sequence[Claimed], scene: _Scene) -> list[Fact]:
    teller, facts = Teller(now=scene.now), []
    for one in going:
        beside = scene.beside.get(one.occurrence)
        fact = teller.fact(
            one,
            NoticeKind(one.kind),
            scene.subjects[one.occurrence],
            standings=scene.standings[one.occurrence],
            others=told_with(one.notice, beside, policy=scene.policy) if beside else (),
            today=scene.today[one.time_zone],
        )
        facts.append(fact)
    return facts


def tally(fired: Sequence[Fired]) -> dict[tuple[str, str], int]:
    """(kind, status) → how many: what a tick reports."""
    return dict(Counter((one.firing.kind, one.end.status.value) for one in fired))
