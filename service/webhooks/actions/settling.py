"""Settling: what attempts came to is written down, for the delivery, for its endpoint, for what was acknowledged."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from service.journal.actions import record
from service.journal.kinds import Kind
from service.journal.rules import to_json
from service.kit.actor import SERVICE
from service.kit.database import Session
from service.kit.failpoints import failpoint
from service.reminders.store.due import database_now
from service.webhooks.actions.claiming import TOO_LATE, Claimed
from service.webhooks.actions.reviving import release_rate
from service.webhooks.rules.acknowledgement import Ack, Acknowledgement
from service.webhooks.rules.backoff import Again, Exhausted, Expired, next_try
from service.webhooks.rules.events import EndpointDisabled, EndpointFailing
from service.webhooks.rules.formats.request import FormatName
from service.webhooks.rules.health import HOLD_AFTER, Health, Notice, State, after_answer
from service.webhooks.rules.outcome import Judgement
from service.webhooks.rules.payload import as_json
from service.webhooks.rules.words import DeliveryStatus, Outcome
from service.webhooks.store import queue, standings
from service.webhooks.store import settlements as store
from service.webhooks.store.settlements import AttemptEnd, DeliveryEnd, Leased, NewWish
from service.webhooks.store.standings import Standing

_KINDS = {Notice.FAILING: Kind.ENDPOINT_FAILING, Notice.DISABLED: Kind.ENDPOINT_DISABLED}
_UNWANTED = {
    Ack.HANDLED: "the receiver has handled it",
    Ack.STOP: "the receiver wants no reminders of it",
    Ack.SNOOZE: "the receiver wants no reminders of it for a while",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """An attempt that was made: what came back, what that means, and what the receiver wishes beside.

    `duration_ms` is None where nothing was sent; `headers` and `body` are the receiver's own words.
    """

    claimed: Claimed
    outcome: Outcome
    judgement: Judgement
    status: int | None = None
    duration_ms: int | None = None
    headers: Mapping[str, str] | None = None
    body: bytes = b""
    truncated: bool = False
    wish: Acknowledgement | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """How many attempts were settled, and how many came too late: their lease had passed."""

    settled: int
    late: int


@dataclass(slots=True)
class _Fares:
    """An endpoint within one settlement: how it fared before, and after each attempt."""

    standing: Standing
    health: Health
    notices: list[Notice] = field(default_factory=list)
    delivered: bool = False

    @property
    def has_recovered(self) -> bool:
        """Whether what was held for it may go now."""
        return self.health.state is State.HEALTHY and self.standing.state not in (State.HEALTHY, State.DISABLED)


async def settle(
    session: Session, finished: Sequence[Finished], *, service_now: datetime, now: datetime | None = None
) -> Settlement:
    """Settle attempts, in the order in which they ended.

    1. lock their endpoints, then their deliveries  2. pass over those whose lease has passed: they change nothing but
    their own attempt  3. ask the rules what follows for each delivery and endpoint  4. write it  5. release what was
    held for whoever is back  6. keep what receivers wish  7. record what others hear of endpoints. `service_now` is the
    service's clock, `now` real time (None asks the database).
    """
    now = now or await database_now(session)
    locked = await standings.lock_standings(session, {one.claimed.endpoint for one in finished})
    held = await store.lock_leased(session, {one.claimed.delivery for one in finished})
    fares = {id: _Fares(one, one.health) for id, one in locked.items()}
    ours = [one for one in finished if _holds(one.claimed, held, now=now)]
    ends = []
    for one in ours:
        _note(one, fares[one.claimed.endpoint], now=now)
        ends.append(_end(one, held[one.claimed.delivery], now=now))
    await store.end_deliveries(session, ends)
    await store.end_attempts(session, [_attempt(one) for one in finished], now=now)
    await _keep(session, fares, now=now)
    for one in ours:
        if one.wish is not None and one.claimed.is_notice:
            await _keep_wish(session, one, one.wish, locked[one.claimed.endpoint], service_now=service_now, now=now)
    for whose in fares.values():
        await _tell(session, whose, service_now=service_now)
    failpoint("settle.written")
    return Settlement(len(ours), len(finished) - len(ours))


def _holds(claimed: Claimed, held: Mapping[str, Leased], *, now: datetime) -> bool:
    """The fence: whether the lease under which this was sent still holds."""
    row = held.get(claimed.delivery)
    return row is not None and row.lease == claimed.lease and row.until is not None and row.until > now


def _note(one: Finished, whose: _Fares, *, now: datetime) -> None:
    transition = after_answer(whose.health, one.judgement, now=now)
    whose.health = transition.health
    whose.delivered = whose.delivered or one.judgement.delivered
    if transition.notice is not None:
        whose.notices.append(transition.notice)


def _end(one: Finished, row: Leased, *, now: datetime) -> DeliveryEnd:
    """What follows for the delivery."""
    id, lease, reason = one.claimed.delivery, one.claimed.lease, one.judgement.reason
    if one.judgement.delivered:
        return DeliveryEnd(id, lease, DeliveryStatus.DELIVERED.value, reason, None, now)
    if row.overtaken:
        return DeliveryEnd(id, lease, DeliveryStatus.SUPERSEDED.value, row.overtaken, None, now)
    follows = next_try(
        delivery=id,
        tries=one.claimed.tries,
        failed_at=now,
        not_after=row.not_after,
        retry_after=one.judgement.retry_after,
    )
    match follows:
        case Again(at):
            return DeliveryEnd(id, lease, DeliveryStatus.PENDING.value, reason, at, None)
        case Expired():
            return DeliveryEnd(id, lease, DeliveryStatus.EXPIRED.value, TOO_LATE, None, now)
        case Exhausted():
            return DeliveryEnd(id, lease, DeliveryStatus.HELD.value, reason, None, None)


def _attempt(one: Finished) -> AttemptEnd:
    return AttemptEnd(
        attempt=one.claimed.attempt,
        outcome=one.outcome.value,
        reason=one.judgement.reason,
        status=one.status,
        duration_ms=one.duration_ms,
        response_headers=to_json(dict(one.headers)) if one.headers is not None else None,
        response_body=one.body or None,
        truncated=one.truncated,
    )


async def _keep(session: Session, fares: Mapping[str, _Fares], *, now: datetime) -> None:
    changed = [
        {"endpoint": id} | standings.health_columns(whose.health)
        for id, whose in fares.items()
        if whose.health != whose.standing.health
    ]
    await standings.keep_standings(session, changed)
    delivered = [{"endpoint": id, "delivered_at": now} for id, whose in fares.items() if whose.delivered]
    await standings.keep_standings(session, delivered)
    for id, whose in fares.items():
        if whose.has_recovered:
            rate = release_rate(whose.standing.per_minute, form=FormatName(whose.standing.format))
            await queue.release_held(session, id, now=now, per_minute=rate)


async def _keep_wish(
    session: Session,
    one: Finished,
    wish: Acknowledgement,
    standing: Standing,
    *,
    service_now: datetime,
    now: datetime,
) -> None:
    """What the receiver wishes holds from now on, also for what is already waiting for it."""
    claimed = one.claimed
    of_occurrence = wish.ack is Ack.HANDLED
    subject = f"occurrence:{claimed.occurrence}" if of_occurrence else f"milestone:{claimed.milestone}"
    await store.keep_wish(
        session,
        NewWish(
            claimed.endpoint, subject, standing.jurisdiction, wish.ack.value, wish.until, claimed.delivery, service_now
        ),
    )
    occurrences = [claimed.occurrence or ""]
    if not of_occurrence and claimed.milestone is not None:
        occurrences = await store.occurrences_of(session, claimed.milestone)
    await store.end_unwanted(session, claimed.endpoint, occurrences=occurrences, reason=_UNWANTED[wish.ack], now=now)


async def _tell(session: Session, whose: _Fares, *, service_now: datetime) -> None:
    for notice in whose.notices:
        standing = whose.standing
        record(
            session,
            SERVICE,
            kind=_KINDS[notice],
            subject=standing.endpoint,
            jurisdiction=standing.jurisdiction,
            before={"state": standing.state},
            after=await _told(session, whose, notice),
            now=service_now,
        )


async def _told(session: Session, whose: _Fares, notice: Notice) -> dict[str, Any]:
    """The fact, whose fields are those of the event."""
    standing, health = whose.standing, whose.health
    if notice is Notice.DISABLED:
        kept = await store.count_kept(session, standing.endpoint)
        disabled = EndpointDisabled(
            endpoint=standing.endpoint,
            host=standing.host,
            jurisdiction=standing.jurisdiction,
            reason=health.reason,
            held=kept,
        )
        return {name: as_json(value) for name, value in asdict(disabled).items()}
    assert health.failing_since is not None, "whoever fails has begun to"
    failing = EndpointFailing(
        endpoint=standing.endpoint,
        host=standing.host,
        jurisdiction=standing.jurisdiction,
        failures=health.failures,
        since=health.failing_since,
        reason=health.reason,
        holds_at=health.failing_since + HOLD_AFTER,
    )
    return {name: as_json(value) for name, value in asdict(failing).items()}
