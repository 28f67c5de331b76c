"""What the editor asked for, what the service says that it did, and what arrived: do the three agree?

Every disagreement is one sentence. None: nothing was lost, nothing was made up, nothing was said that no longer held.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlmodel import SQLModel, select

from service.journal.models import JournalEntry
from service.kit.database import Database, Session
from service.reminders.models import Firing, PendingFiring
from service.webhooks.models import Attempt, Delivery, EventCounter, WebhookEvent
from service.webhooks.rules.events import EventType
from service.webhooks.rules.words import DeliveryStatus, Outcome
from tests.crash.editor import DIGEST, Story

Row = TypeVar("Row", bound=SQLModel)

_OPEN = (DeliveryStatus.PENDING, DeliveryStatus.HELD, DeliveryStatus.WAITING)
_GOOD = {DeliveryStatus.DELIVERED, DeliveryStatus.SUPERSEDED}


@dataclass(frozen=True)
class Receipt:
    """A message as it arrived. `at` is in seconds since 1970."""

    at: float
    path: str
    manner: str
    id: str
    digest: str
    genuine: bool
    type: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Books:
    """Everything that the service wrote down, and everything that arrived."""

    facts: Sequence[JournalEntry]
    firings: Sequence[Firing]
    queue: Sequence[PendingFiring]
    events: Sequence[WebhookEvent]
    deliveries: Sequence[Delivery]
    attempts: Sequence[Attempt]
    last_number: int
    receipts: Sequence[Receipt]


async def read_books(url: str, receipts: Path) -> Books:
    """Read it all."""
    database = Database(url)
    try:
        async with database.read() as session:
            counter = await session.get(EventCounter, "event")
            return Books(
                facts=await _all(session, JournalEntry),
                firings=await _all(session, Firing),
                queue=await _all(session, PendingFiring),
                events=await _all(session, WebhookEvent),
                deliveries=await _all(session, Delivery),
                attempts=await _all(session, Attempt),
                last_number=counter.last if counter else 0,
                receipts=_receipts_in(receipts),
            )
    finally:
        await database.close()


def _receipts_in(path: Path) -> list[Receipt]:
    return [Receipt(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


async def _all(session: Session, table: type[Row]) -> Sequence[Row]:
    return (await session.exec(select(table))).all()


def unfinished(books: Books, *, now: datetime) -> int:
    """How much the service still has to do."""
    due = sum(one.status == "pending" and one.fire_at <= now for one in books.firings)
    events = sum(one.fanned_out_at is None for one in books.events)
    return due + events + sum(one.status in _OPEN for one in books.deliveries)


def disagreements(books: Books, stories: Sequence[Story], endpoints: Mapping[str, str], *, now: datetime) -> list[str]:
    """Every disagreement, in a sentence."""
    checks = (
        _firings(books, now=now),
        _queue(books),
        _facts(books),
        _numbers(books),
        _deliveries(books, endpoints),
        _fences(books),
        _receipts(books, endpoints),
        _once_a_firing(books),
        _sequences(books, endpoints),
        _digests(books),
        _stories(books, stories, endpoints),
        _withdrawn(books, stories),
    )
    return [sentence for check in checks for sentence in check]


def _firings(books: Books, *, now: datetime) -> Iterator[str]:
    """Every firing whose time has come has ended, with a reason; one that was fired has one event, others none."""
    events = Counter(one.firing for one in books.events if one.firing)
    told = {one.firing: one.fact for one in books.events}
    for one in books.firings:
        if one.status == "pending" and one.fire_at <= now:
            yield f"firing {one.id} of {one.fire_at} still waits"
        if one.status != "pending" and not (one.cause and one.reason and one.ended_at):
            yield f"firing {one.id} ended as {one.status} without a reason"
        if events[one.id] != (one.status == "fired"):
            yield f"firing {one.id} is {one.status} and has {events[one.id]} events"
        elif one.status == "fired" and told[one.id] != one.fact:
            yield f"firing {one.id} and its event tell of different facts"


def _queue(books: Books) -> Iterator[str]:
    """What is pending stands in the queue, and nothing else does."""
    pending = {(one.fire_at, one.id) for one in books.firings if one.status == "pending"}
    queued = {(one.fire_at, one.firing) for one in books.queue}
    for _, firing in sorted(pending - queued):
        yield f"firing {firing} is pending and not in the queue"
    for _, firing in sorted(queued - pending):
        yield f"firing {firing} is in the queue and not pending"


def _facts(books: Books) -> Iterator[str]:
    """What others may hear of has its event, and every event its fact."""
    kinds = {each.value for each in EventType} - {"milestone.created", "plan.published"}
    told = {one.fact for one in books.events}
    for fact in books.facts:
        if fact.kind in kinds and fact.id not in told:
            yield f"fact {fact.id} ({fact.kind}) has no event"
    known = {fact.id: fact.kind for fact in books.facts}
    for one in books.events:
        if one.fact is not None and known.get(one.fact) is None:
            yield f"event {one.id} tells of fact {one.fact}, which is not there"


def _numbers(books: Books) -> Iterator[str]:
    """Events are numbered from 1 without gaps."""
    numbers = sorted(one.number for one in books.events if one.number is not None)
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"the numbers of {len(numbers)} events have gaps"
    if numbers and books.last_number != numbers[-1]:
        yield f"the counter stands at {books.last_number}, the last event is {numbers[-1]}"
    unnumbered = [one.id for one in books.events if one.number is None and one.endpoint is None]
    if unnumbered:
        yield f"{len(unnumbered)} events have no number: {unnumbered[:3]}"


def _deliveries(books: Books, endpoints: Mapping[str, str]) -> Iterator[str]:
    """Each event has one delivery to each endpoint, and each delivery an end that fits."""
    held = {(one.event, one.endpoint): one for one in books.deliveries}
    for event in books.events:
        if event.type == "plan.published":  # of the set-up: there were no endpoints yet
            continue
        for endpoint in endpoints:
            if event.endpoint in (None, endpoint) and (event.id, endpoint) not in held:
                yield f"event {event.id} ({event.type}) has no delivery to {endpoints[endpoint]}"
    tries = defaultdict(list)
    for attempt in books.attempts:
        tries[attempt.delivery].append(attempt)
    for one in books.deliveries:
        where = f"delivery {one.id} ({one.type}) to {endpoints.get(one.endpoint, one.endpoint)}"
        good = _GOOD | ({DeliveryStatus.DIGESTED} if endpoints.get(one.endpoint) == DIGEST else set())
        if one.status not in good:
            yield f"{where} is {one.status}: {one.reason}"
        if one.status == DeliveryStatus.SUPERSEDED and not (one.is_notice and one.reason):
            yield f"{where} was superseded: {one.reason}"
        if sorted(each.number for each in tries[one.id]) != list(range(1, len(tries[one.id]) + 1)):
            yield f"{where}: its attempts are not numbered one after the other"
        if any(each.ended_at is None or each.outcome is None for each in tries[one.id]):
            yield f"{where}: an attempt has no end"
        late = [each for each in tries[one.id] if one.ended_at and each.started_at > one.ended_at]
        if late:
            yield f"{where} ended at {one.ended_at} and was tried at {late[0].started_at}"


def is_late(one: Attempt) -> bool:
    """Whether a worker told how its attempt ended when its lease had passed: that stands on the attempt alone."""
    told = one.outcome not in (None, Outcome.ABANDONED)
    return told and one.ended_at is not None and one.ended_at > one.lease_until


def _fences(books: Books) -> Iterator[str]:
    """A worker whose lease has passed changes nothing.

    What the same transaction then claims, and ends because it is overtaken, has the same instant: that is no delivery.
    """
    ended = {one.id: (one.ended_at, one.status) for one in books.deliveries}
    for one in books.attempts:
        if is_late(one) and (one.ended_at, one.outcome) == ended[one.delivery]:
            yield f"delivery {one.delivery} was ended by an attempt whose lease had passed at {one.lease_until}"


def _receipts(books: Books, endpoints: Mapping[str, str]) -> Iterator[str]:
    """What was delivered has arrived; what arrived is genuine and was claimed before; one id is one body."""
    arrived = defaultdict(list)
    for one in books.receipts:
        arrived[one.path, one.id].append(one)
        if not one.genuine:
            yield f"{one.path} got {one.id} with a signature that an independent library refuses"
    begun: dict[str, float] = {}
    for attempt in books.attempts:
        at = attempt.started_at.timestamp()
        begun[attempt.delivery] = min(at, begun.get(attempt.delivery, at))
    held = {(endpoints.get(one.endpoint, ""), one.event): one for one in books.deliveries}
    for (path, id), receipts in arrived.items():
        delivery = held.get((path, id))
        if delivery is None:
            yield f"{path} got {id}, which was never sent there"
            continue
        if len({each.digest for each in receipts}) > 1:
            yield f"{path} got {id} with different bodies"
        if min(each.at for each in receipts) < begun.get(delivery.id, float("inf")):
            yield f"{path} got {id} before anybody had claimed it"
    for place, delivery in held.items():
        well = any(each.manner in ("well", "late") for each in arrived[place])
        if delivery.status == DeliveryStatus.DELIVERED and not well:
            yield f"{place[0]} never took {place[1]}, and it is delivered"


def _once_a_firing(books: Books) -> Iterator[str]:
    """One firing is one event, however often it arrives."""
    firings = defaultdict(set)
    for one in books.receipts:
        cause = one.data.get("cause") or {}
        if cause.get("kind") == "firing":
            firings[cause["id"]].add((one.path, one.id))
    for firing, ids in firings.items():
        if len({id for _, id in ids}) > 1:
            yield f"firing {firing} arrived as several events: {sorted(ids)}"


def _sequences(books: Books, endpoints: Mapping[str, str]) -> Iterator[str]:
    """The numbers of an endpoint have no gaps; each message names the one before; a repeat has the same."""
    for endpoint, path in endpoints.items():
        mine = (one.sequence for one in books.deliveries if one.endpoint == endpoint)
        given = sorted(number for number in mine if number is not None)
        if given != list(range(1, len(given) + 1)):
            yield f"the numbers of {path} have gaps"
        for one in books.receipts:
            number, previous = one.data.get("sequence"), one.data.get("previous_sequence")
            if one.path == path != DIGEST and (number is None or (previous or 0) != number - 1):
                yield f"{path} got {one.id} as number {number} after {previous}"


def _stories(books: Books, stories: Sequence[Story], endpoints: Mapping[str, str]) -> Iterator[str]:
    """What the editor was told is done has arrived: the task, its notice, what became of it."""
    taken = [one for one in books.receipts if one.manner in ("well", "late")]
    well = {(one.path, one.type, _about(one.data)) for one in taken}
    well |= {(one.path, entry["type"], _about(entry)) for one in taken for entry in _entries(one)}
    for story in stories:
        if story.made is None:
            continue
        wanted = {("milestone.created", story.milestone)}
        if story.is_told:
            wanted.add((story.notice, story.milestone))
        elif story.kind == "moved":
            wanted.add(("occurrence.rescheduled", story.milestone))
        elif story.kind == "finished":
            wanted.add(("progress.updated", story.milestone))
        elif story.kind == "cancelled":
            wanted.add(("milestone.cancelled", story.milestone))
        for path in endpoints.values():
            for word, milestone in sorted(wanted):
                if (path, word, milestone) not in well:
                    yield f"{path} never got {word} of {milestone} ({story.kind})"


def _about(told: Mapping[str, Any]) -> str:
    return str((told.get("milestone") or {}).get("id", ""))


def _entries(one: Receipt) -> Sequence[Mapping[str, Any]]:
    return one.data.get("entries", ()) if one.path == DIGEST else ()


def _digests(books: Books) -> Iterator[str]:
    """What one digest told of, no other tells of."""
    told = defaultdict(set)
    for one in books.receipts:
        for entry in _entries(one):
            told[entry["id"]].add(one.id)
    for event, digests in told.items():
        if len(digests) > 1:
            yield f"event {event} stands in several digests: {sorted(digests)}"


def _withdrawn(books: Books, stories: Sequence[Story]) -> Iterator[str]:
    """Nothing goes out for a date that was withdrawn: no attempt begins after the withdrawal was answered."""
    tries = defaultdict(list)
    for attempt in books.attempts:
        tries[attempt.delivery].append(attempt)
    notices = defaultdict(list)
    for one in books.deliveries:
        if one.is_notice and one.occurrence:
            notices[one.occurrence].append(one)
    for story in stories:
        if story.withdrawn is None:
            continue
        answered = datetime.fromtimestamp(story.withdrawn.answered_at, UTC)
        for delivery in notices[story.occurrence]:
            late = [each for each in tries[delivery.id] if each.started_at > answered]
            if late:
                after = late[0].started_at - answered
                yield f"{delivery.type} of {story.milestone} was tried {after} after it was {story.kind}"
