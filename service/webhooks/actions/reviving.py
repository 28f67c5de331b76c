"""What is done to an endpoint by a word of its own: a new secret, switched on again, a test message, a replay."""

from datetime import datetime, timedelta
from typing import Any

from service.access.rules import require_scope
from service.journal.actions import record
from service.journal.kinds import Kind
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Conflict, require
from service.kit.ids import new_id
from service.kit.seal import Unreadable
from service.webhooks.actions.enrolling import NewEndpoint, Setting, make_secret, require_in_use
from service.webhooks.actions.sealing import close, read
from service.webhooks.actions.showing import note, snapshot
from service.webhooks.models import Delivery, Endpoint, EndpointStanding, WebhookEvent
from service.webhooks.rules.asking import check_secret, is_robot
from service.webhooks.rules.events import Event, EventType, Ping
from service.webhooks.rules.formats.known import FORMATS
from service.webhooks.rules.formats.request import FormatName
from service.webhooks.rules.health import Health, State, recover
from service.webhooks.rules.parts import Cause, CauseKind
from service.webhooks.rules.stored import text_of
from service.webhooks.rules.words import DeliveryStatus, Signing
from service.webhooks.store import endpoints as store
from service.webhooks.store import queue

OVERLAP = timedelta(hours=24)
RELEASED_PER_MINUTE = 1_200  # of what was held, where nothing asks for less: who has just recovered is not flooded

_OF_HEALTH = tuple(Health.__dataclass_fields__)


async def rotate_secret(
    session: Session, actor: Actor, row: Endpoint, *, secret: str | None, setting: Setting, now: datetime
) -> NewEndpoint:
    """A new secret (one that is given, or a random one); the one before signs too for 24 hours of real time.

    Raises Invalid, Denied, Conflict where nothing is shared.
    """
    require_scope(actor, "admin")
    require_in_use(row)
    if row.signing == Signing.ASYMMETRIC:
        raise Conflict("This endpoint's messages are signed with the service's own keys, which rotate by themselves.")
    if is_robot(FormatName(row.format)):
        raise Conflict("A robot's secret is made on its own page: change 'robot_secret'.")
    if secret is not None:
        require(check_secret(secret))
    before, fresh = snapshot(row, seals=setting.seals), secret or make_secret()
    row.former_secret = row.secret if _is_readable(row, setting) else None
    row.former_until = setting.real_now + OVERLAP if row.former_secret is not None else None
    row.secret = close(fresh, by=setting.seals.secret)
    row.revision, row.updated_at = row.revision + 1, now
    await session.flush()
    note(
        session,
        actor,
        row,
        kind=Kind.ENDPOINT_ROTATED,
        before=before,
        after=snapshot(row, seals=setting.seals),
        now=now,
    )
    return NewEndpoint(row, fresh)


def _is_readable(row: Endpoint, setting: Setting) -> bool:
    try:
        return read(row.secret, by=setting.seals.secret) is not None
    except Unreadable:
        return False  # sealed with another secret of the service; it signs nothing any more


async def enable_endpoint(
    session: Session, actor: Actor, row: Endpoint, *, setting: Setting, now: datetime
) -> EndpointStanding:
    """Switch a disabled endpoint on again; what was kept for it goes out. One that is not disabled stays as it is."""
    require_scope(actor, "admin")
    require_in_use(row)
    standing = await store.standing_locked(session, row.id)
    if standing.state == State.DISABLED:
        await _revive(session, actor, row, standing, kind=Kind.ENDPOINT_ENABLED, setting=setting, now=now)
    return standing


async def recover_endpoint(
    session: Session, actor: Actor, row: Endpoint, *, setting: Setting, now: datetime
) -> EndpointStanding:
    """Somebody says that it works again: its failures are forgotten, what was held goes out, little by little."""
    require_scope(actor, "admin")
    require_in_use(row)
    standing = await store.standing_locked(session, row.id)
    await _revive(session, actor, row, standing, kind=Kind.ENDPOINT_RECOVERED, setting=setting, now=now)
    return standing


async def _revive(
    session: Session,
    actor: Actor,
    row: Endpoint,
    standing: EndpointStanding,
    *,
    kind: Kind,
    setting: Setting,
    now: datetime,
) -> None:
    before = _fares(standing)
    health = recover()
    for name in _OF_HEALTH:
        setattr(standing, name, getattr(health, name))
    standing.state = health.state.value
    await session.flush()
    released = await queue.release_held(
        session, row.id, now=setting.real_now, per_minute=release_rate(row.per_minute, form=FormatName(row.format))
    )
    note(session, actor, row, kind=kind, before=before, after=_fares(standing) | {"released": released}, now=now)


def release_rate(per_minute: int | None, *, form: FormatName) -> int:
    """How many deliveries that were held go out a minute: what the endpoint and its format bear."""
    limits = (per_minute, FORMATS[form].limits.per_minute, RELEASED_PER_MINUTE)
    return min(each for each in limits if each is not None)


def _fares(standing: EndpointStanding) -> dict[str, Any]:
    return {"state": str(standing.state), "failures": standing.failures, "reason": standing.reason}


async def send_test(session: Session, actor: Actor, row: Endpoint, *, setting: Setting, now: datetime) -> Delivery:
    """A test message on its way to this endpoint alone. Raises Conflict where nothing would be sent."""
    require_scope(actor, "admin")
    require_in_use(row)
    standing = (await store.standings(session, [row.id]))[row.id]
    if row.paused:
        raise Conflict("This endpoint is paused: nothing is sent there.")
    if standing.state == State.DISABLED:
        raise Conflict("This endpoint is disabled: enable it first.")
    id = new_id("dl")
    fact = note(session, actor, row, kind=Kind.ENDPOINT_TESTED, before=None, after={"delivery": id}, now=now)
    await session.flush()
    event = Event(
        id=new_id("evt"),
        type=EventType.ENDPOINT_PING,
        timestamp=now,
        about=Ping(endpoint=row.id),
        cause=Cause(kind=CauseKind.REQUEST, id=str(fact.id), actor=str(actor)),
        fired_at=now,
    )
    session.add(_addressed(event, row, fact=fact.id, now=now))
    await session.flush()
    delivery = Delivery(
        id=id,
        event=event.id,
        endpoint=row.id,
        jurisdiction=row.jurisdiction,
        type=event.type.value,
        next_at=setting.real_now,
        created_at=setting.real_now,
    )
    session.add(delivery)
    await session.flush()
    return delivery


def _addressed(event: Event, row: Endpoint, *, fact: int | None, now: datetime) -> WebhookEvent:
    """An event for one endpoint: it has no number and is not fanned out."""
    return WebhookEvent(
        id=event.id,
        type=event.type.value,
        at=now,
        fact=fact,
        endpoint=row.id,
        jurisdiction=row.jurisdiction,
        message=text_of(event),
        created_at=now,
        fanned_out_at=now,
    )


_REPLAYED = frozenset(
    {
        DeliveryStatus.PENDING,
        DeliveryStatus.HELD,
        DeliveryStatus.DELIVERED,
        DeliveryStatus.SUPERSEDED,
        DeliveryStatus.EXPIRED,
    }
)


async def replay(
    session: Session, actor: Actor, delivery: Delivery, *, endpoint: Endpoint, setting: Setting, now: datetime
) -> None:
    """Send the same event again, under the same `webhook-id`, at once and without a deadline.

    `delivery` is locked. One that waits for its next try is tried now; one that is being tried stays as it is. Raises
    Denied; Conflict where it waits for a digest, was told in one, or has no endpoint any more.
    """
    require_scope(actor, "admin")
    if endpoint.retired_at is not None:
        raise Conflict("Its endpoint is retired.")
    status = DeliveryStatus(delivery.status)
    if status not in _REPLAYED:
        raise Conflict(f"This delivery is {status}: its message goes out in a digest, which can be replayed itself.")
    if delivery.lease is not None:
        return
    before = {"status": delivery.status, "reason": delivery.reason, "tries": delivery.tries}
    delivery.status, delivery.reason = DeliveryStatus.PENDING.value, f"replayed by {actor}"
    delivery.next_at, delivery.not_after = setting.real_now, None
    delivery.overtaken, delivery.ended_at = "", None
    await session.flush()
    after = {"status": delivery.status, "reason": delivery.reason, "endpoint": endpoint.id, "event": delivery.event}
    record(
        session,
        actor,
        kind=Kind.DELIVERY_REPLAYED,
        subject=delivery.id,
        jurisdiction=endpoint.jurisdiction,
        before=before,
        after=after,
        now=now,
    )
