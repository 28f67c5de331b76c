"""The ledger of webhooks, for those who read it: events by number, deliveries the newest first, attempts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import tuple_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.database import Session
from service.kit.errors import NotFound
from service.plans.models import Plan
from service.webhooks.models import Attempt, Delivery, Endpoint, EventCounter, WebhookEvent
from service.webhooks.store.events import COUNTER


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events: every field that is given must match. `within`: jurisdictions, None for all.

    `public_only`: what anybody may read, which is about public plans and nothing else.
    """

    types: tuple[str, ...] | None = None
    within: frozenset[str] | None = None
    public_only: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries: every field that is given must match. `within`: of endpoints of these jurisdictions."""

    endpoint: str | None = None
    status: str | None = None
    event: str | None = None
    occurrence: str | None = None
    within: frozenset[str] | None = None


async def last_number(session: Session) -> int:
    """The number of the last event; 0: there is none yet. Whoever sees a number sees all before it."""
    return (await session.exec(select(EventCounter.last).where(EventCounter.name == COUNTER))).first() or 0


async def events_after(
    session: Session, *, after: int, until: int, where: EventFilter, limit: int
) -> Sequence[WebhookEvent]:
    """Events whose numbers are greater than `after` and not greater than `until`, in their order."""
    number = col(WebhookEvent.number)
    query = select(WebhookEvent).where(number > after, number <= until).order_by(number).limit(limit)
    return (await session.exec(_narrow(query, where))).all()


async def get_event(session: Session, event_id: str, *, where: EventFilter) -> WebhookEvent:
    """One event, numbered or not, if it is among these. Raises NotFound."""
    row = (await session.exec(_narrow(select(WebhookEvent).where(WebhookEvent.id == event_id), where))).first()
    if row is None:
        raise NotFound(f"There is no event '{event_id}'.")
    return row


def _narrow(query: SelectOfScalar[WebhookEvent], where: EventFilter) -> SelectOfScalar[WebhookEvent]:
    if where.types is not None:
        query = query.where(col(WebhookEvent.type).in_(where.types))
    if where.within is not None:
        query = query.where(col(WebhookEvent.jurisdiction).in_(where.within))
    if where.public_only:
        public = select(Plan.slug).where(Plan.visibility == "public", Plan.status != "draft")
        query = query.where(col(WebhookEvent.plan).in_(public), col(WebhookEvent.endpoint).is_(None))
    return query


async def list_deliveries(
    session: Session, *, where: DeliveryFilter, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Delivery]:
    """Deliveries, the newest first; those after (created_at, id) in that order."""
    order = (col(Delivery.created_at), col(Delivery.id))
    query = select(Delivery).order_by(*(each.desc() for each in order)).limit(limit)
    for name in ("endpoint", "status", "event", "occurrence"):
        wanted = getattr(where, name)
        if wanted is not None:
            query = query.where(getattr(Delivery, name) == wanted)
    if after is not None:
        query = query.where(tuple_(*order) < tuple_(*after))
    return (await session.exec(_of(query, where.within))).all()


async def get_delivery(session: Session, delivery_id: str, *, within: Collection[str] | None) -> Delivery:
    """One delivery, if its endpoint belongs to these jurisdictions (None: any). Raises NotFound."""
    return _found((await session.exec(_one(delivery_id, within))).first(), delivery_id)


async def get_delivery_locked(session: Session, delivery_id: str, *, within: Collection[str] | None) -> Delivery:
    """The same; nobody claims or settles it until this transaction ends. Raises NotFound."""
    query = _one(delivery_id, within).with_for_update().execution_options(populate_existing=True)
    return _found((await session.exec(query)).first(), delivery_id)


def _one(delivery_id: str, within: Collection[str] | None) -> SelectOfScalar[Delivery]:
    return _of(select(Delivery).where(Delivery.id == delivery_id), within)


def _of(query: SelectOfScalar[Delivery], within: Collection[str] | None) -> SelectOfScalar[Delivery]:
    if within is None:
        return query
    mine = select(Endpoint.id).where(col(Endpoint.jurisdiction).in_(within))
    return query.where(col(Delivery.endpoint).in_(mine))


def _found(row: Delivery | None, delivery_id: str) -> Delivery:
    if row is None:
        raise NotFound(f"There is no delivery '{delivery_id}'.")
    return row


async def attempts_of(session: Session, delivery_id: str) -> Sequence[Attempt]:
    """Every try of a delivery, the first one first."""
    query = select(Attempt).where(Attempt.delivery == delivery_id).order_by(col(Attempt.number))
    return (await session.exec(query)).all()
