"""Fanning out: events get their numbers, and a delivery for everybody who wants them."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from service.kit.database import Session
from service.kit.driver import writes_behind
from service.kit.failpoints import failpoint
from service.kit.ids import new_ids
from service.milestones.rules import MilestoneKind, Role
from service.webhooks.actions.endpoints import Listener, Listeners
from service.webhooks.rules.acknowledgement import Ack
from service.webhooks.rules.events import EventType
from service.webhooks.rules.filters import Facets, matches
from service.webhooks.rules.real_time import real_instant
from service.webhooks.rules.words import DeliveryStatus, Rhythm
from service.webhooks.store import deliveries as store
from service.webhooks.store import events as event_store
from service.webhooks.store.deliveries import DeliveryRow, Wish
from service.webhooks.store.events import NOTICES, EventRow, Moment, Numbered

BATCH = 1_000

_HELD = "milepost_events_held"
_NOTICES = frozenset(each.value for each in NOTICES)
_ABOUT_ENDPOINTS = frozenset({EventType.ENDPOINT_FAILING.value, EventType.ENDPOINT_DISABLED.value})
Told = Numbered | EventRow
# Looked up once: they come by the ten thousand.
_PENDING, _WAITING = DeliveryStatus.PENDING.value, DeliveryStatus.WAITING.value
_SUPERSEDED, _EXPIRED = DeliveryStatus.SUPERSEDED.value, DeliveryStatus.EXPIRED.value
_MOVED, _IMMEDIATE = EventType.OCCURRENCE_RESCHEDULED.value, Rhythm.IMMEDIATE
_NEVER_WAITS = ("endpoint.", "feed.")  # as `filters.goes_into_digests` has it


@dataclass(frozen=True, slots=True)
class _Clocks:
    """The service's instant, the real one, and how many times as fast the former passes."""

    now: datetime
    real: datetime
    speed: float


@dataclass(frozen=True, slots=True)
class _Ahead:
    """Deliveries that were written before the counter was locked, and who listened then."""

    everybody: Sequence[Listener]
    deliveries: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Scene:
    """What decides to whom events go, beside filters."""

    everybody: Sequence[Listener]
    told_before: Mapping[str, Sequence[str]]
    wishes: Mapping[tuple[str, str], Wish]
    messages: Mapping[str, str]
    clocks: _Clocks


def hold_events(session: Session) -> None:
    """Events of this transaction are not written until `fan_out` ends it, and then with their numbers at once."""
    session.info.setdefault(_HELD, [])


async def hand_on(session: Session, rows: Sequence[EventRow], *, at: datetime) -> None:
    """Write events, for the next tick to number; or keep them for whoever holds them."""
    held: list[EventRow] | None = session.info.get(_HELD)
    if held is None:
        await event_store.write_events(session, rows, at=at)
    else:
        held.extend(rows)


async def fan_out(
    session: Session,
    *,
    now: datetime,
    limit: int = BATCH,
    without: Collection[str] = (),
    only: str = "",
    listeners: Listeners | None = None,
    speed: float = 1.0,
    real: datetime | None = None,
) -> int:
    """Number events that nobody was told of, and those that this transaction holds; write a delivery for each endpoint
    whose filter matches.

    1. lock the counter, so that numbers become visible in the order of the commits  2. ask who listens  3. number
    4. write. Answers how many events waited; fewer than `limit`: none is left. `listeners` are kept from one call to
    the next. `now` is the service's clock, which runs `speed` times as fast as the real one (0: it stands); deliveries
    live in real time: `real` is the database's clock where nothing else is given. `without` these, `only` this one: for
    whoever looks for the one that fails.
    """
    listeners, moment = listeners or Listeners(), await event_store.at_this_moment(session, without=without)
    clocks = _Clocks(now, real or moment.now, speed)
    held: Sequence[EventRow] = session.info.pop(_HELD, ())
    ahead = await _deliver_ahead(session, held, listeners, clocks, moment)
    last = await event_store.lock_counter(session)
    if not writes_behind(session):  # there others were not alone until now
        moment = await event_store.at_this_moment(session, without=without)
    found = list[Told]()
    if moment.waiting is not None:
        found += await event_store.number_events(session, last=last, now=now, limit=limit, without=without, only=only)
    waited = len(found)
    if not found and not held:
        return 0
    everybody = await listeners.ask(session, (moment.endpoints, moment.jurisdictions))
    if ahead and (waited == limit or everybody is not ahead.everybody):
        await store.take_back(session, ahead.deliveries)
        ahead = None
    told = [*found, *(held if waited < limit and not ahead else ())]
    scene = await _scene(session, told, everybody, clocks, wished=moment.wished)
    if waited < limit:
        await event_store.keep_counter(session, last + waited + len(held))
        await event_store.write_numbered(session, held, last=last + waited, at=now)
    else:  # others may wait that are older
        await event_store.keep_counter(session, last + waited)
        await event_store.write_events(session, held, at=now)
    failpoint("fan_out.numbered")
    await _deliver(session, told, scene)
    return waited


async def _deliver_ahead(
    session: Session, held: Sequence[EventRow], listeners: Listeners, clocks: "_Clocks", moment: Moment
) -> "_Ahead | None":
    """Write the deliveries of what this transaction holds before it locks the counter, so that others who fan out wait
    for its events alone. They stand if nobody else listens by then. Not on SQLite, where a writer is alone anyway, nor
    where others wait that come first.
    """
    if not held or writes_behind(session) or moment.waiting is not None:
        return None
    everybody = await listeners.ask(session, (moment.endpoints, moment.jurisdictions))
    scene = await _scene(session, held, everybody, clocks, wished=moment.wished)
    return _Ahead(everybody, await _deliver(session, held, scene))


async def _deliver(session: Session, found: Sequence[Told], scene: "_Scene") -> list[str]:
    """Write a delivery of each event for everybody who wants it: their ids. Nothing has to be asked any more."""
    known: dict[tuple[object, ...], list[Listener]] = {}
    rows, ids, real = list[DeliveryRow](), new_ids("dl"), scene.clocks.real
    for place, event in enumerate(found):
        wanted = _wanted(event, scene.everybody, known)
        if scene.told_before and (told := _told_before(event, scene)):
            wanted = _with_told(wanted, scene, told)
        if wanted:
            # Within a batch the order of what happened is the order in which it is first tried.
            rows += _rows(event, wanted, scene, ids, at=real + timedelta(microseconds=place))
    await store.write_deliveries(session, rows, now=real)
    return [row.id for row in rows]


def _subjects(events: Sequence[Told]) -> Iterator[str]:
    """What receivers may have wished to hear no more of."""
    for one in events:
        if one.type in _NOTICES:
            yield f"occurrence:{one.occurrence}"
            yield f"milestone:{one.milestone}"


async def _scene(
    session: Session,
    found: Sequence[Told],
    everybody: Sequence[Listener],
    clocks: _Clocks,
    *,
    wished: bool,
) -> _Scene:
    wishes = await store.wishes(session, _subjects(found)) if everybody and wished else {}
    moved = {one.occurrence for one in found if one.type == _MOVED and one.occurrence}
    snoozed = {subject.partition(":")[2] for (subject, _), wish in wishes.items() if wish.ack == Ack.SNOOZE}
    # Whether something is asleep until a day depends on where its plan is; an event of an endpoint says which one.
    read = {one.id for one in found if one.type in _NOTICES and one.milestone in snoozed} if snoozed else set()
    read |= {one.id for one in found if one.type in _ABOUT_ENDPOINTS}
    return _Scene(
        everybody=everybody,
        told_before=await store.told_before(session, moved) if moved else {},
        wishes=wishes,
        messages=await _messages(session, [one for one in found if one.id in read]) if read else {},
        clocks=clocks,
    )


async def _messages(session: Session, found: Sequence[Told]) -> Mapping[str, str]:
    known = {one.id: one.message for one in found if isinstance(one, EventRow)}
    return known | await event_store.messages_of(session, [one.id for one in found if one.id not in known])


def _wanted(
    event: Told, everybody: Sequence[Listener], known: dict[tuple[object, ...], list[Listener]]
) -> list[Listener]:
    """Who wants it: asked once for all events that look alike to filters."""
    key = (event.type, event.jurisdiction, event.plan, event.kind, event.units)
    if key not in known:
        units = json.loads(event.units)
        facets = Facets(
            type=EventType(event.type),
            jurisdiction=event.jurisdiction,
            plan=event.plan,
            kind=MilestoneKind(event.kind) if event.kind else None,
            units=frozenset((code, Role(role) if role else None) for code, role in units),
        )
        known[key] = [one for one in everybody if matches(one.filter, facets)]
    return known[key]


def _told_before(event: Told, scene: _Scene) -> Sequence[str]:
    return scene.told_before.get(event.occurrence or "", ()) if event.type == _MOVED else ()


def _with_told(wanted: Sequence[Listener], scene: _Scene, told: Sequence[str]) -> list[Listener]:
    """A receiver that was told of the old date hears of the new one, whatever types it asks for."""
    have = {one.endpoint for one in wanted}
    return [*wanted, *(one for one in scene.everybody if one.endpoint in told and one.endpoint not in have)]


def _rows(
    event: Told, wanted: Sequence[Listener], scene: _Scene, ids: Iterator[str], *, at: datetime
) -> Iterator[DeliveryRow]:
    type_, until, clocks = event.type, event.not_after, scene.clocks
    is_notice, never_waits = type_ in _NOTICES, type_.startswith(_NEVER_WAITS)
    same = _status_of_all(event, scene)
    if until is not None:
        until = real_instant(until, now=clocks.now, real=clocks.real, speed=clocks.speed)
    for listener in wanted:
        status, reason = same or _status_for(event, listener, scene)
        if not reason and listener.rhythm is not _IMMEDIATE and not never_waits:
            status = _WAITING
        pending = status == _PENDING
        yield DeliveryRow(
            next(ids),
            event.id,
            listener.endpoint,
            listener.jurisdiction,
            type_,
            is_notice,
            event.milestone,
            event.occurrence,
            status,
            reason,
            at if pending else None,
            until,
            None if pending or status == _WAITING else at,
        )


def _status_of_all(event: Told, scene: _Scene) -> tuple[str, str] | None:
    """How the deliveries of an event begin, and why those end that nobody is sent; None: it differs."""
    if event.overtaken:
        return _SUPERSEDED, event.overtaken
    if event.type in _ABOUT_ENDPOINTS or (scene.wishes and event.type in _NOTICES):
        return None
    return _status_in_time(event, scene)


def _status_in_time(event: Told, scene: _Scene) -> tuple[str, str]:
    if event.not_after is not None and event.not_after <= scene.clocks.now:
        return _EXPIRED, "a later notice says it better"
    return _PENDING, ""


def _status_for(event: Told, listener: Listener, scene: _Scene) -> tuple[str, str]:
    if event.type in _NOTICES and (reason := _unwanted(event, listener, scene)):
        return _SUPERSEDED, reason
    if event.type in _ABOUT_ENDPOINTS and f'"endpoint":"{listener.endpoint}"' in scene.messages[event.id]:
        return _SUPERSEDED, "it tells of this endpoint itself"
    return _status_in_time(event, scene)


def _unwanted(event: Told, listener: Listener, scene: _Scene) -> str:
    """Why the receiver wants to hear nothing of this; empty: it does."""
    if (f"occurrence:{event.occurrence}", listener.endpoint) in scene.wishes:
        return "the receiver has handled it"
    wish = scene.wishes.get((f"milestone:{event.milestone}", listener.endpoint))
    if wish is None:
        return ""
    if wish.ack == Ack.STOP:
        return "the receiver wants no reminders of it"
    if wish.ack == Ack.SNOOZE and wish.until_on > _today(scene.messages[event.id], scene.clocks.now):
        return f"the receiver wants no reminders of it before {wish.until_on}"
    return ""


def _today(message: str, now: datetime) -> date:
    zone: str = json.loads(message)["data"]["occurrence"]["time_zone"]
    return now.astimezone(ZoneInfo(zone)).date()
