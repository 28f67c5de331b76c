"""What endpoints are told because of the time of day: digests, and checkpoints."""

from collections.abc import Collection
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from service.kit.database import Session
from service.kit.failpoints import failpoint
from service.kit.ids import derived_id
from service.progress import store as progress_store
from service.progress.rules import all_finished
from service.reminders.store.due import database_now
from service.webhooks.actions.endpoints import Listener, filters
from service.webhooks.actions.news import row_of, to_the_millisecond
from service.webhooks.models import Endpoint, EndpointStanding
from service.webhooks.rules.digest import Window, digests, next_window
from service.webhooks.rules.events import Cadence, Checkpoint, Event, EventType
from service.webhooks.rules.filters import wants_type
from service.webhooks.rules.parts import Cause, CauseKind
from service.webhooks.rules.stored import event_of
from service.webhooks.rules.words import Rhythm
from service.webhooks.store import clockwork as store
from service.webhooks.store import deliveries as delivery_store
from service.webhooks.store import events as event_store

BATCH = 20  # endpoints in one transaction
MOST_WAITING = 5_000  # events that one digest tells of; the others wait for the next

_NOTICES = {
    "due_soon": EventType.OCCURRENCE_DUE_SOON,
    "due": EventType.OCCURRENCE_DUE,
    "overdue": EventType.OCCURRENCE_OVERDUE,
}
_A_MOMENT = timedelta(microseconds=1)


async def tell_the_time(
    session: Session,
    *,
    now: datetime,
    zone: str,
    limit: int = BATCH,
    without: Collection[str] = (),
    only: str = "",
) -> int:
    """Send the digests and checkpoints whose time has come, for `limit` endpoints each; how many were due.

    `now` is the service's clock. What is sent and when the next is due are one transaction: nothing is told twice, and
    after a crash the same messages are made again, with the same ids. `without` these endpoints, `only` this one: for
    whoever looks for the one that fails.
    """
    real = await database_now(session)
    told = 0
    for row, standing in await store.lock_due(session, "digest_at", now=now, limit=limit, without=without, only=only):
        await _digest(session, row, standing, zone=zone, now=now, real=real)
        told += 1
    due = await store.lock_due(session, "checkpoint_at", now=now, limit=limit, without=without, only=only)
    listeners = {one.endpoint: one for one in await filters(session)} if due else {}
    for row, standing in due:
        await _checkpoint(session, row, standing, listeners.get(row.id), zone=zone, now=now, real=real)
        told += 1
    await session.flush()
    if told:
        failpoint("digest.written")
    return told


async def first_due(session: Session, *, now: datetime, without: Collection[str] = ()) -> str | None:
    """An endpoint that is to be told something, none of these; locks nothing."""
    return await store.first_due(session, now=now, without=without)


async def _digest(
    session: Session, row: Endpoint, standing: EndpointStanding, *, zone: str, now: datetime, real: datetime
) -> None:
    """1. what waits  2. one message of it, in parts  3. what it told of is told  4. when the next one is due."""
    if row.rhythm == Rhythm.IMMEDIATE or standing.digest_at is None:
        standing.digest_at = None
        return
    window = _last_window(row, standing.digest_at, zone=zone, now=now)
    waiting = await store.waiting_for(session, row.id, limit=MOST_WAITING)
    events = [event_of(one.event, one.message) for one in waiting]
    for event in digests(events, window, endpoint=row.id, now=to_the_millisecond(now), zone=zone):
        await _send_to_one(session, row, event, now=now, real=real)
    await store.digested(session, [one.delivery for one in waiting], now=real)
    standing.digest_at = _window_after(row, now, zone=zone).send_at


def _window_after(row: Endpoint, after: datetime, *, zone: str) -> Window:
    return next_window(Cadence(row.rhythm), after=after, at=row.digest_at, zone=zone, weekday=row.digest_weekday)


def _last_window(row: Endpoint, due_at: datetime, *, zone: str, now: datetime) -> Window:
    """The window that is due; after a rest the latest of those that are: one digest tells what all would have."""
    window = _window_after(row, due_at - _A_MOMENT, zone=zone)
    while (later := _window_after(row, window.send_at, zone=zone)).send_at <= now:
        window = later
    return window


async def _checkpoint(
    session: Session,
    row: Endpoint,
    standing: EndpointStanding,
    listener: Listener | None,
    *,
    zone: str,
    now: datetime,
    real: datetime,
) -> None:
    due_at = standing.checkpoint_at
    standing.checkpoint_at = _next_checkpoint(row.digest_at, zone=zone, now=now) if row.checkpoint else None
    if due_at is None or not row.checkpoint or listener is None:
        return
    today = now.astimezone(ZoneInfo(zone)).date()
    id = derived_id("evt", row.id, "checkpoint", today.isoformat())
    if await event_store.exists(session, id):
        return
    about = Checkpoint(
        endpoint=row.id,
        as_of=to_the_millisecond(now),
        last_sequence=standing.last_sequence or None,
        last_sent_at=to_the_millisecond(standing.delivered_at) if standing.delivered_at else None,
        waiting=await store.count_open(session, row.id),
        due_today=await _due_today(session, listener, zone=zone, now=now),
        next_at=await _next_at(session, listener),
    )
    event = Event(
        id=id,
        type=EventType.ENDPOINT_CHECKPOINT,
        timestamp=about.as_of,
        about=about,
        cause=Cause(kind=CauseKind.CLOCK),
        scheduled_for=due_at,
        fired_at=about.as_of,
    )
    await _send_to_one(session, row, event, now=now, real=real)


def _next_checkpoint(at: time, *, zone: str, now: datetime) -> datetime:
    return next_window(Cadence.DAILY, after=now, at=at, zone=zone).send_at


async def _due_today(session: Session, listener: Listener, *, zone: str, now: datetime) -> int:
    found = await store.due_on(session, now.astimezone(ZoneInfo(zone)).date(), listener.filter)
    standings = await progress_store.standings(session, found)
    return sum(not all_finished(standings[id]) for id in found)


async def _next_at(session: Session, listener: Listener) -> datetime | None:
    kinds = [kind for kind, event_type in _NOTICES.items() if wants_type(listener.filter.types, event_type)]
    return await store.next_firing(session, listener.filter, kinds) if kinds else None


async def _send_to_one(session: Session, row: Endpoint, event: Event, *, now: datetime, real: datetime) -> None:
    """An event for one endpoint alone, and its delivery, due now: it has no number, nobody else hears of it."""
    kept = row_of(event, jurisdiction=row.jurisdiction)
    await event_store.write_for_one(session, [kept], endpoint=row.id, at=now)
    delivery = delivery_store.to_one(row, event, at=real)
    await delivery_store.write_deliveries(session, [delivery], now=real)
