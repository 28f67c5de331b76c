"""Claiming: who may be sent something now, and what; written down before anything is sent."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.kit.database import Session
from service.kit.failpoints import failpoint
from service.kit.ids import new_id, new_ids
from service.reminders.store.due import database_now
from service.webhooks.rules.backoff import MOST_TRIES
from service.webhooks.rules.events import Position
from service.webhooks.rules.formats.known import FORMATS
from service.webhooks.rules.formats.request import FormatName
from service.webhooks.rules.health import Health, Permit, State, abandon_probe, begin_probe, permit
from service.webhooks.rules.pacing import allowance, at_once, next_allowed
from service.webhooks.rules.words import DeliveryStatus
from service.webhooks.store import claims as store
from service.webhooks.store import standings
from service.webhooks.store.claims import Due, Lease
from service.webhooks.store.standings import Standing

DEADLINE = timedelta(seconds=15)  # over a whole attempt
LEASE = timedelta(seconds=45)
MOST_ENDPOINTS = 100  # that one claim serves

TOO_LATE = "a later notice says it better"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """One attempt that is to be made, and everything about it but where it goes.

    `revision` is the endpoint's, `tries` counts this one. `lease_until` is real time; after it, whatever became of the
    attempt changes nothing.
    """

    attempt: str
    delivery: str
    lease: str
    lease_until: datetime
    endpoint: str
    revision: int
    event: str
    type: str
    is_notice: bool
    milestone: str | None
    occurrence: str | None
    tries: int
    position: Position | None
    message: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What one claim took. `left`: it is worth asking again at once. `now`: when it was, in real time."""

    taken: Sequence[Claimed]
    left: bool
    now: datetime


@dataclass(slots=True)
class _Served:
    """An endpoint within one claim: what it may be sent, and what becomes of its standing."""

    who: Standing
    health: Health
    per_minute: int | None
    is_probe: bool
    most: int
    taken: int = 0
    last_sequence: int = 0


async def claim(
    session: Session,
    *,
    limit: int,
    now: datetime | None = None,
    endpoints: int = MOST_ENDPOINTS,
    without: Collection[str] = (),
    only: str = "",
) -> Claim:
    """Take up to `limit` deliveries that are due, the endpoint that was served the longest ago first.

    1. lock endpoints that may be sent something  2. see how much each may get: its cap, its rate, one where it is
    probed  3. read what is due for them  4. end what is overtaken  5. lease the rest. `now` is real time: None asks the
    database. Two claims never take the same delivery; what nobody settles comes up again when its lease ends. It serves
    so many `endpoints` at most, none of `without`; `only`: this one, for whoever looks for the one that fails.
    """
    now = now or await database_now(session)
    if limit <= 0:
        return Claim((), left=False, now=now)
    most = min(limit, endpoints)
    candidates = await standings.lock_candidates(session, now=now, most=most, without=without, only=only)
    if not candidates:
        return Claim((), left=False, now=now)
    busy = await store.under_way(session, [one.endpoint for one in candidates], now=now)
    served = _shares(candidates, busy, limit=limit, now=now)
    found = await _find(session, served, now=now)
    ended = _overtaken(found, now=now)
    await store.abandon(session, [one for one in found if one.lease is not None], now=now)
    await store.end(session, ended, now=now)
    gone = {id for id, _, _ in ended}
    taken = await _take(session, [one for one in found if one.id not in gone], served, now=now)
    await _keep(session, served, now=now)
    failpoint("deliver.leased")
    # What an endpoint's own cap holds back may go when one of those that were taken has ended, and not before.
    is_full = sum(one.most for one in served.values()) >= limit
    return Claim(taken, left=bool(ended) or (bool(taken) and (is_full or len(candidates) == most)), now=now)


def _shares(
    candidates: Sequence[Standing], busy: Mapping[str, int], *, limit: int, now: datetime
) -> dict[str, _Served]:
    """Who of them may be sent how much."""
    served: dict[str, _Served] = {}
    for one in candidates:
        under_way, health = busy.get(one.endpoint, 0), one.health
        if health.state is State.PROBING and not under_way:
            health = abandon_probe(health, now=now)
        permitted = permit(health, now=now)
        limits = [each for each in (one.per_minute, FORMATS[FormatName(one.format)].limits.per_minute) if each]
        per_minute = min(limits, default=None)
        rate = allowance(per_minute, allowed_at=one.allowed_at, now=now)
        most = min(
            at_once(one.concurrency, failures=health.failures) - under_way, limit, limit if rate is None else rate
        )
        if permitted is Permit.NONE or most <= 0:
            continue
        is_probe = permitted is Permit.PROBE
        most = 1 if is_probe else most
        served[one.endpoint] = _Served(one, health, per_minute, is_probe, most, last_sequence=one.last_sequence)
        limit -= most
        if limit <= 0:
            break
    return served


async def _find(session: Session, served: Mapping[str, _Served], *, now: datetime) -> list[Due]:
    shares = {id: one.most for id, one in served.items() if not one.is_probe}
    found = await store.due(session, shares, now=now)
    for id, one in served.items():
        if one.is_probe:
            found += await store.one_to_probe(session, id, now=now)
    return found


def _overtaken(found: Sequence[Due], *, now: datetime) -> list[tuple[str, DeliveryStatus, str]]:
    """What is not tried (again): it is no longer true, too late, or has had all its tries."""
    ended = []
    for one in found:
        if one.overtaken:
            ended.append((one.id, DeliveryStatus.SUPERSEDED, one.overtaken))
        elif one.not_after is not None and one.not_after <= now:
            ended.append((one.id, DeliveryStatus.EXPIRED, TOO_LATE))
        elif one.lease is not None and one.tries >= MOST_TRIES:
            ended.append((one.id, DeliveryStatus.HELD, f"{one.tries} tries were made"))
    return ended


async def _take(
    session: Session, chosen: Sequence[Due], served: Mapping[str, _Served], *, now: datetime
) -> list[Claimed]:
    by = Lease(new_id("ls"), now + LEASE)
    ids, rows, taken = new_ids("at"), [], []
    for one in chosen:
        whose = served[one.endpoint]
        whose.taken += 1
        fresh = whose.who.numbered and one.sequence is None
        whose.last_sequence += fresh
        number = whose.last_sequence if fresh else one.sequence
        attempt = next(ids)
        rows.append((attempt, one, number if fresh else None))
        taken.append(
            Claimed(
                attempt=attempt,
                delivery=one.id,
                lease=by.token,
                lease_until=by.until,
                endpoint=one.endpoint,
                revision=whose.who.revision,
                event=one.event,
                type=one.type,
                is_notice=one.is_notice,
                milestone=one.milestone,
                occurrence=one.occurrence,
                tries=one.tries + 1,
                position=_position(number),
                message=one.message,
            )
        )
    await store.lease(session, rows, by=by, now=now)
    return taken


def _position(number: int | None) -> Position | None:
    """Numbers are given without gaps: the one before is one less."""
    return Position(number, number - 1 if number > 1 else None) if number is not None else None


async def _keep(session: Session, served: Mapping[str, _Served], *, now: datetime) -> None:
    rows = []
    for id, one in served.items():
        health = begin_probe(one.health) if one.is_probe and one.taken else one.health
        rows.append(
            {
                "endpoint": id,
                "served_at": now,
                "allowed_at": next_allowed(one.per_minute, one.taken, allowed_at=one.who.allowed_at, now=now),
                "last_sequence": one.last_sequence,
            }
            | standings.health_columns(health)
        )
    await standings.keep_standings(session, rows)


@dataclass(frozen=True, slots=True)
class Look:
    """Whether there is something to claim; else in how many real seconds there will be, if that is soon."""

    is_due: bool
    next_in: float | None = None


async def first_due(session: Session, *, without: Collection[str]) -> str | None:
    """The endpoint that is next to be sent something, without these. Locks nothing."""
    return await standings.first_due(session, now=await database_now(session), without=without)


async def look(session: Session, *, within: float, without: Collection[str] = ()) -> Look:
    """Whether there is something to claim, or will be `within` so many seconds. Locks nothing."""
    now = await database_now(session)
    if await standings.first_due(session, now=now, without=without) is not None:
        return Look(is_due=True)
    next_at = await standings.next_due(session, now=now)
    seconds = (next_at - now).total_seconds() if next_at is not None else None
    return Look(is_due=False, next_in=seconds if seconds is not None and seconds <= within else None)


def check_lease(*, deadline: timedelta = DEADLINE, lease: timedelta = LEASE) -> None:
    """Raise ValueError where a lease could end before the attempt that it allows."""
    if lease < 2 * deadline:
        raise ValueError(f"a lease of {lease} is too short for attempts of {deadline}")
