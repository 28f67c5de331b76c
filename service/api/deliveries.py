"""`/deliveries`: every event on its way to an endpoint, every try, and how it ended."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Query, Request
from pydantic import Field

from service.api.endpoints import setting
from service.api.fields import CodeQuery, PathId
from service.api.shapes import ANY_LIMIT, Cursor, Limit, Page, Shape
from service.gate.guard import Admin
from service.gate.idempotency import Creating
from service.gate.routing import resource
from service.gate.transaction import Now, Reading
from service.kit.paging import cut, decode_instant_cursor
from service.webhooks.actions import reviving
from service.webhooks.actions.bounds import within
from service.webhooks.models import Attempt, Delivery
from service.webhooks.rules.events import EventType
from service.webhooks.rules.words import DeliveryStatus, Outcome
from service.webhooks.store import endpoints as endpoint_store
from service.webhooks.store import ledger

router = resource("/deliveries", tag="deliveries")


class DeliveryShape(Shape):
    """An event on its way to an endpoint. `event` is its `webhook-id`. Instants are the host's.

    `next_at`: when it is tried next; `under_way`: somebody tries it now. `not_after`: when a later notice says it
    better. `overtaken`: what it announces is no longer true, so that it is not tried again.
    """

    id: str
    event: str
    endpoint: str
    type: EventType
    milestone: str | None
    occurrence: str | None
    status: DeliveryStatus
    reason: str
    tries: int
    sequence: int | None
    next_at: datetime | None
    under_way: bool
    not_after: datetime | None
    overtaken: str
    created_at: datetime
    ended_at: datetime | None


class AttemptShape(Shape):
    """One try. What came back is a stranger's word: headers without cookies, and at most 16 KiB of the body."""

    number: int
    started_at: datetime
    ended_at: datetime | None = Field(description="null: it is under way, or nobody ever said how it ended.")
    outcome: Outcome | None
    reason: str
    status: int | None
    duration_ms: int | None
    response_headers: dict[str, str] | None
    response_body: str | None = Field(description="As UTF-8; what is none is replaced.")
    truncated: bool


class DeliveryWithAttempts(DeliveryShape):
    """A delivery with every try, the first one first."""

    attempts: list[AttemptShape]


def _shape(row: Delivery) -> DeliveryShape:
    kept = {name: getattr(row, name) for name in DeliveryShape.model_fields if name != "under_way"}
    return DeliveryShape(**kept, under_way=row.lease is not None)


def _attempt(row: Attempt) -> AttemptShape:
    kept = {name: getattr(row, name) for name in AttemptShape.model_fields if name != "response_body"}
    body = row.response_body.decode("utf-8", "replace") if row.response_body is not None else None
    return AttemptShape(**kept, response_body=body)


@router.get("")
async def list_deliveries(
    actor: Admin,
    session: Reading,
    endpoint: CodeQuery = None,
    status: Annotated[DeliveryStatus | None, Query()] = None,
    event: CodeQuery = None,
    occurrence: CodeQuery = None,
    limit: Limit = ANY_LIMIT,
    cursor: Cursor = None,
) -> Page[DeliveryShape]:
    """Deliveries, the newest first."""
    where = ledger.DeliveryFilter(endpoint, status, event, occurrence, within=await within(session, actor))
    rows = await ledger.list_deliveries(session, where=where, after=decode_instant_cursor(cursor), limit=limit + 1)
    page = cut(rows, limit, lambda row: (row.created_at.isoformat(), row.id))
    return Page(items=[_shape(row) for row in page.items], next=page.next)


@router.get("/{delivery_id:name}")
async def get_delivery(delivery_id: PathId, actor: Admin, session: Reading) -> DeliveryWithAttempts:
    """One delivery with every try."""
    row = await ledger.get_delivery(session, delivery_id, within=await within(session, actor))
    attempts = [_attempt(each) for each in await ledger.attempts_of(session, row.id)]
    return DeliveryWithAttempts(**_shape(row).model_dump(), attempts=attempts)


@router.post("/{delivery_id:name}:replay", status_code=HTTPStatus.ACCEPTED)
async def replay_delivery(
    delivery_id: PathId, actor: Admin, session: Creating, now: Now, request: Request
) -> DeliveryShape:
    """Send the same event again, at once and under the same `webhook-id`; whoever keeps ids notices a repeat."""
    row = await ledger.get_delivery_locked(session, delivery_id, within=await within(session, actor))
    endpoint = await endpoint_store.get(session, row.endpoint, within=None)
    await reviving.replay(session, actor, row, endpoint=endpoint, setting=setting(request), now=now)
    return _shape(row)
