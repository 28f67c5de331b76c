"""How an endpoint fares: healthy, failing, held, probing, disabled; every transition as a pure function.

    healthy ──failures──▶ failing ──a day of them──▶ held ──probe due──▶ probing ──success──▶ healthy
       ▲                     │ success                ▲                     │ failure
       └─────────────────────┘                        └─────────────────────┘
    any ──410, `webhook-delivery: disable`, a month held──▶ disabled ──enable, recover──▶ healthy

While an endpoint is held nothing is tried and nothing is dropped; one delivery at a time goes out as a probe (half
open). What was held is sent after a success, or when somebody says `recover`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from service.webhooks.rules.outcome import Effect, Judgement


class State(StrEnum):
    """Where an endpoint stands."""

    HEALTHY = "healthy"
    FAILING = "failing"  # still tried; its owner has been warned
    HELD = "held"  # not tried, except for probes
    PROBING = "probing"  # one delivery is on its way to find out
    DISABLED = "disabled"  # wants nothing, or was silent for a month


class Notice(StrEnum):
    """What others hear of a transition; the words of the event types."""

    FAILING = "endpoint.failing"
    DISABLED = "endpoint.disabled"


class Permit(StrEnum):
    """What may be sent to an endpoint at an instant."""

    ALL = "all"
    PROBE = "probe"  # one delivery
    NONE = "none"


FAILURES_BEFORE_WARNING = 5
WARN_AFTER = timedelta(minutes=30)
HOLD_AFTER = timedelta(days=1)
DISABLE_AFTER = timedelta(days=30)
FIRST_PROBE = timedelta(minutes=15)
LONGEST_PROBE = timedelta(hours=6)
FIRST_THROTTLE = timedelta(seconds=30)
LONGEST_THROTTLE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """An endpoint's condition. Instants are aware; what does not apply in a state is None or 0."""

    state: State = State.HEALTHY
    failures: int = 0  # in a row
    failing_since: datetime | None = None  # the first of them
    held_since: datetime | None = None
    probes: int = 0  # failed ones since it was held
    probe_at: datetime | None = None  # when the next one is due
    throttles: int = 0  # in a row
    throttled_until: datetime | None = None
    reason: str = ""  # of the last failure, or why it is disabled


@dataclass(frozen=True, slots=True)
class Transition:
    """The condition after something happened, and what others hear of it."""

    health: Health
    notice: Notice | None = None


HEALTHY = Health()


def after_answer(health: Health, judgement: Judgement, *, now: datetime) -> Transition:
    """What an attempt's outcome makes of the endpoint."""
    if judgement.effect is Effect.DISABLE:
        return disable(health, reason=judgement.reason)
    if health.state is State.DISABLED:
        return Transition(health)  # an answer to something that was on its way when it was disabled
    if judgement.delivered:
        return Transition(_well(health, now=now))
    if judgement.effect is Effect.THROTTLE:
        health = _throttled(health, judgement.retry_after, now=now)
    if not judgement.counts:
        return Transition(_back_from_probe(replace(health, reason=judgement.reason), now=now))
    return _failed(health, reason=judgement.reason, now=now)


def _well(health: Health, *, now: datetime) -> Health:
    """All is well; a pause that it asked for meanwhile holds on: this answer is to something that was sent before."""
    if not _rests(health, now=now):
        return HEALTHY
    return replace(HEALTHY, throttles=health.throttles, throttled_until=health.throttled_until)


def _throttled(health: Health, retry_after: timedelta | None, *, now: datetime) -> Health:
    """Left alone for what it asked, or for twice as long as last time.

    Several that were on their way together say it several times, and are one time.
    """
    if _rests(health, now=now):
        until = max(now + (retry_after or timedelta()), health.throttled_until or now)
        return replace(health, throttled_until=until)
    pause = retry_after or min(FIRST_THROTTLE * 2 ** min(health.throttles, 10), LONGEST_THROTTLE)
    return replace(health, throttles=health.throttles + 1, throttled_until=now + pause)


def _rests(health: Health, *, now: datetime) -> bool:
    """Whether nothing is sent to it because it asked for a pause."""
    return health.throttled_until is not None and now < health.throttled_until


def _back_from_probe(health: Health, *, now: datetime) -> Health:
    """A probe that was told to come back later proved nothing: the endpoint is still held."""
    if health.state is not State.PROBING:
        return health
    return replace(health, state=State.HELD, probe_at=max(now + FIRST_PROBE, health.throttled_until or now))


def _failed(health: Health, *, reason: str, now: datetime) -> Transition:
    since = health.failing_since or now
    health = replace(health, failures=health.failures + 1, failing_since=since, reason=reason)
    match health.state:
        case State.PROBING:
            return _probe_failed(health, now=now)
        case State.HEALTHY if health.failures >= FAILURES_BEFORE_WARNING and now - since >= WARN_AFTER:
            return Transition(replace(health, state=State.FAILING), Notice.FAILING)
        case State.FAILING if now - since >= HOLD_AFTER:
            return Transition(replace(health, state=State.HELD, held_since=now, probes=0, probe_at=now + FIRST_PROBE))
        case _:
            return Transition(health)


def _probe_failed(health: Health, *, now: datetime) -> Transition:
    if health.held_since is not None and now - health.held_since >= DISABLE_AFTER:
        days = DISABLE_AFTER.days
        return disable(health, reason=f"no probe has arrived for {days} days; the last one: {health.reason}")
    pause = min(FIRST_PROBE * 2 ** min(health.probes + 1, 10), LONGEST_PROBE)
    return Transition(replace(health, state=State.HELD, probes=health.probes + 1, probe_at=now + pause))


def permit(health: Health, *, now: datetime) -> Permit:
    """What may go out now. Whoever takes a PROBE calls `begin_probe` in the same transaction."""
    if health.state is State.DISABLED or _rests(health, now=now):
        return Permit.NONE
    if health.state is State.PROBING:
        return Permit.NONE
    if health.state is State.HELD:
        return Permit.PROBE if health.probe_at is not None and now >= health.probe_at else Permit.NONE
    return Permit.ALL


def begin_probe(health: Health) -> Health:
    """One delivery is on its way to a held endpoint. Raises ValueError in any other state."""
    if health.state is not State.HELD:
        raise ValueError(f"an endpoint that is {health.state} is not probed")
    return replace(health, state=State.PROBING)


def abandon_probe(health: Health, *, now: datetime) -> Health:
    """The probe's lease passed without an outcome (its worker died): held again, and due for another at once."""
    return replace(health, state=State.HELD, probe_at=now) if health.state is State.PROBING else health


def disable(health: Health, *, reason: str) -> Transition:
    """Send nothing any more; said once. Deliveries are kept."""
    if health.state is State.DISABLED:
        return Transition(health)
    return Transition(
        replace(health, state=State.DISABLED, probe_at=None, throttled_until=None, reason=reason), Notice.DISABLED
    )


def recover() -> Health:
    """Somebody says that it works again (`:enable`, `:recover`): everything starts anew, what was held may go."""
    return HEALTHY
