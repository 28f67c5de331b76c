"""`/events`: what others hear of, in the order of its numbers; for systems that would rather ask than be told."""

import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import Field

from service.api.fields import PathId
from service.api.shapes import ANY_LIMIT, Limit, Shape
from service.gate.guard import Reader
from service.gate.routing import resource
from service.gate.state import Gate, gate_of
from service.gate.transaction import Reading
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Fault, NotFound, require
from service.kit.stopwatch import stopwatch
from service.webhooks.actions.bounds import within
from service.webhooks.models import WebhookEvent
from service.webhooks.rules.events import EventType
from service.webhooks.rules.filters import check_types, wants_type
from service.webhooks.rules.stored import body_of
from service.webhooks.store import ledger

router = resource("/events", tag="events")

LONGEST_WAIT = 30  # seconds

Pattern = Annotated[str, Field(min_length=1, max_length=64)]
After = Annotated[int, Query(ge=0, lt=2**63, description="The number of the last event that you have.")]
Wait = Annotated[int, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for one where there is none yet.")]
Types = Annotated[
    list[Pattern],
    Query(max_length=30, description="Types, `occurrence.*` or `*`; none: all.", examples=[["occurrence.*"]]),
]


class EventShape(Shape):
    """An event. `id` is its `webhook-id`; `message` is what endpoints are sent, without the numbers of one endpoint."""

    number: int | None = Field(description="Its place in the row of all; null: it was meant for one endpoint.")
    id: str
    type: EventType
    message: dict[str, Any]


class EventPage(Shape):
    """Events in the order of their numbers."""

    items: list[EventShape]
    next: int = Field(description="Send it as `after` next time, whether anything came or not.")


@dataclass(frozen=True, slots=True)
class _Question:
    """What somebody asks for."""

    types: tuple[str, ...] | None
    limit: int


def _shape(row: WebhookEvent, gate: Gate) -> EventShape:
    body = body_of(row.message, source=gate.settings.public_url)
    return EventShape(number=row.number, id=row.id, type=EventType(row.type), message=json.loads(body))


async def _where(session: Session, actor: Actor, types: tuple[str, ...] | None) -> ledger.EventFilter:
    reach = await within(session, actor)
    return ledger.EventFilter(types=types, within=reach, public_only=actor.kind == "public")


def _types(patterns: list[str]) -> tuple[str, ...] | None:
    require(check_types(patterns))
    return tuple(each.value for each in EventType if wants_type(patterns, each)) if patterns else None


@router.get("")
async def list_events(
    request: Request,
    actor: Reader,
    after: After = 0,
    types: Types = [],  # noqa: B006 - FastAPI copies it
    wait: Wait = 0,
    limit: Limit = ANY_LIMIT,
) -> EventPage:
    """Events that follow a number, as soon as there are any, or an empty page when the wait is over.

    Nothing is ever numbered before what has been shown: who asks from `next` to `next` misses nothing. A key that is
    bound to a jurisdiction is shown what belongs to it and to those below.
    """
    gate, waited = gate_of(request), stopwatch()
    asked = _Question(_types(types), limit)
    while True:
        page = await _page(gate, actor, asked, after=after)
        left = wait - waited()
        # The session is closed: whoever waits holds nothing.
        if page.items or left <= 0 or not await gate.news.beyond(page.next, seconds=left):
            return page
        after = page.next


async def _page(gate: Gate, actor: Actor, asked: _Question, *, after: int) -> EventPage:
    async with gate.database.read() as session:
        where = await _where(session, actor, asked.types)
        last = await ledger.last_number(session)
        if after > last:
            fault = Fault("after", f"there is no event {after} yet; the last one is {last}")
            raise NotFound(str(fault), faults=[fault])
        rows = await ledger.events_after(session, after=after, until=last, where=where, limit=asked.limit)
    full = len(rows) == asked.limit
    return EventPage(items=[_shape(row, gate) for row in rows], next=(rows[-1].number or last) if full else last)


@router.get("/{event_id}")
async def get_event(event_id: PathId, request: Request, actor: Reader, session: Reading) -> EventShape:
    """One event, also one that was meant for a single endpoint."""
    where = await _where(session, actor, None)
    return _shape(await ledger.get_event(session, event_id, where=where), gate_of(request))
