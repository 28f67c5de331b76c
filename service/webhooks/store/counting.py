"""How much is under way: for those who watch the service."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, text
from sqlmodel import col, select

from service.kit.database import Session
from service.webhooks.models import Delivery, Endpoint, EndpointStanding
from service.webhooks.rules.health import State
from service.webhooks.rules.words import DeliveryStatus

# To the letter as the partial indexes have it, or they are not used.
_KEPT: Any = text("delivery.status IN ('held', 'waiting')")
_PENDING: Any = text("delivery.status = 'pending'")
OPEN = (DeliveryStatus.PENDING, DeliveryStatus.WAITING, DeliveryStatus.HELD)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """Deliveries that have not ended, by status; the instant since which the oldest could be tried; endpoints by state.

    A paused endpoint counts as `paused`, whatever its state. What is held or waits for a digest is not due.
    """

    deliveries: dict[str, int]
    due_since: datetime | None
    endpoints: dict[str, int]


async def under_way(session: Session) -> UnderWay:
    """Count what is open. It reads indexes that hold nothing else, so what has ended costs nothing."""
    counted: Any = (
        select(Delivery.status, func.count(), func.min(Delivery.next_at)).where(_KEPT).group_by(Delivery.status)
    )
    kept = {row[0]: row[1] for row in await session.exec(counted)}
    pending: Any = select(func.count(), func.min(Delivery.next_at)).where(_PENDING)
    number, since = (await session.exec(pending)).one()
    states: Any = (
        select(EndpointStanding.state, Endpoint.paused, func.count())
        .join(Endpoint, col(Endpoint.id) == col(EndpointStanding.endpoint))
        .where(col(Endpoint.retired_at).is_(None))
        .group_by(col(EndpointStanding.state), col(Endpoint.paused))
    )
    endpoints = dict.fromkeys((*(state.value for state in State), "paused"), 0)
    for state, paused, count in await session.exec(states):
        endpoints["paused" if paused else state] += count
    deliveries = {status.value: kept.get(status.value, 0) for status in OPEN} | {DeliveryStatus.PENDING.value: number}
    return UnderWay(deliveries, since, endpoints)
