"""Ending the firings whose time has come: what goes out becomes a fact, in the same transaction."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from service.journal.actions import record_all
from service.journal.models import Recorded
from service.journal.rules import Fact
from service.kit.actor import SERVICE
from service.kit.database import Session
from service.kit.driver import writes_behind
from service.kit.failpoints import failpoint
from service.reminders.actions.drafting import Drafts, draft
from service.reminders.actions.telling import Draft, Teller
from service.reminders.rules.ending import CATCH_UP, FIRE, CatchUp, Notice, catch_up, told_with
from service.reminders.rules.offsets import NoticeKind
from service.reminders.rules.planning import End, FiringStatus
from service.reminders.rules.timing import civil_date
from service.reminders.store import due as store
from service.reminders.store.due import Claimed
from service.reminders.store.schedules import end_firings

PART = 500  # that are written at once
_FIRED = FiringStatus.FIRED
BATCH = 1_000  # from 500 to 10,000 each costs the same; whoever else wants to write waits for a batch


class Fired(NamedTuple):
    """A firing that this call ended: how, how long after the instant for which it was planned, and its fact if any."""

    firing: Claimed
    end: End
    lateness: timedelta
    fact: Recorded | None


class _Around(NamedTuple):
    """Occurrence → where several of its firings count beside each other, all that do; and when its next one comes."""

    beside: Mapping[str, Sequence[Notice]]
    next_at: Mapping[str, datetime]


async def fire_due(
    session: Session,
    *,
    now: datetime | None = None,
    limit: int = BATCH,
    without: Collection[str] = (),
    only: str = "",
    policy: Mapping[NoticeKind, CatchUp] = CATCH_UP,
    drafts: Drafts | None = None,
) -> list[Fired]:
    """End firings whose time has come, the oldest first, `limit` at most. `now`: None asks the database's clock.

    1. claim  2. read what they are about, where no draft is ready  3. ask the rules how each ends  4. record a fact for
    each that goes out  5. end them. All of it commits together or not at all: nothing is fired without its fact, or
    twice. Fewer than `limit` in the answer: nothing else is due. What did not go out is in the answer too. However many
    there are, it takes a handful of statements, and no object of the ORM. `without` these, `only` this one: for whoever
    looks for the one that fails.
    """
    now = now or await store.database_now(session)
    claimed = await store.claim_due(session, now=now, limit=limit, without=without, only=only)
    if not claimed:
        return []
    failpoint("fire.claimed")
    those = await _drafts(session, claimed, now=now, ready=drafts or Drafts())
    around = await _around(session, those, now=now, policy=policy)
    teller, fired = Teller(now=now), list[Fired]()
    part = PART if writes_behind(session) else len(those)
    for start in range(0, len(those), part):
        fired += await _end_part(session, those[start : start + part], around, teller, now=now, policy=policy)
    return fired


async def _end_part(
    session: Session,
    those: Sequence[Draft],
    around: _Around,
    teller: Teller,
    *,
    now: datetime,
    policy: Mapping[NoticeKind, CatchUp],
) -> list[Fired]:
    """Decide, record and write the ends of some: they can be written while the next are put into words."""
    beside, next_at = around
    if beside or policy is not CATCH_UP:
        ends = [_end(each, beside.get(each.one.occurrence, ()), now=now, policy=policy) for each in those]
    else:  # nearly always, and ten thousand of them
        ends = [each.end for each in those]
    facts = list[Fact]()
    for each, end in zip(those, ends, strict=True):
        if end.status is _FIRED:
            others = beside.get(each.one.occurrence)
            told_of = told_with(each.one.notice, others, policy=policy) if others else ()
            facts.append(teller.fact(each, others=told_of, next_at=next_at.get(each.one.occurrence)))
    written = iter(await record_all(session, SERVICE, facts, now=now))
    fired = [
        Fired(each.one, end, now - each.one.fire_at, next(written) if end.status is _FIRED else None)
        for each, end in zip(those, ends, strict=True)
    ]
    await end_firings(session, [(one.id, end, fact.id if fact else None) for one, end, _, fact in fired], now=now)
    return fired


async def _drafts(session: Session, claimed: Sequence[str], *, now: datetime, ready: Drafts) -> list[Draft]:
    """A draft of each, in their order: made before, if it is still true, or now."""
    if len(ready):
        await ready.review(session)
    todays: dict[str, date] = {}
    known: dict[str, Draft] = {}
    for id in claimed if len(ready) else ():
        each = ready.get(id)
        if each is None:
            continue
        zone = each.one.time_zone
        if zone not in todays:
            todays[zone] = civil_date(now, zone)
        if each.today == todays[zone]:
            known[id] = each
    if len(known) < len(claimed):
        unknown = await store.read_due(session, [id for id in claimed if id not in known])
        known |= {each.one.id: each for each in await draft(session, unknown, now=now)}
    return [known[id] for id in claimed]


async def _around(
    session: Session, those: Sequence[Draft], *, now: datetime, policy: Mapping[NoticeKind, CatchUp]
) -> _Around:
    # Only what comes later overtakes; a digest alone looks back.
    since = None if CatchUp.DIGEST in policy.values() else min(each.one.fire_at for each in those)
    next_at, unknown = dict[str, datetime](), dict[str, None]()
    for each in those:
        near = each.near
        if near is None or since is None or not near.is_alone(since, now):
            unknown[each.one.occurrence] = None
        elif near.next_at is not None:
            next_at[each.one.occurrence] = near.next_at
    found = await store.around(session, unknown, since=since, now=now) if unknown else ()
    next_at |= {one.occurrence: one.next_at for one in found if one.next_at is not None}
    crowded = [one.occurrence for one in found if one.beside > 1]
    beside = await store.notices_beside(session, crowded, since=since, now=now) if crowded else {}
    return _Around(beside, next_at)


def _end(each: Draft, beside: Sequence[Notice], *, now: datetime, policy: Mapping[NoticeKind, CatchUp]) -> End:
    if each.end is not FIRE or (not beside and policy is CATCH_UP):
        return each.end
    return catch_up(each.one.notice, beside, now=now, policy=policy)


def tally(fired: Sequence[Fired]) -> dict[tuple[str, str], int]:
    """(kind, status) → how many: what a tick reports."""
    ends = {id(one.end): one.end for one in fired}  # few, and an enumeration's hash is no quick one
    counts = Counter((one.firing.kind, id(one.end)) for one in fired)
    found = Counter[tuple[str, str]]()
    for (kind, end), count in counts.items():
        found[kind, ends[end].status.value] += count
    return dict(found)
