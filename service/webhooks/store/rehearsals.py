"""What is still to be played of a rehearsal. Its events are notices for a single endpoint: no real notice is that."""

from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select, update

from service.kit.database import Session
from service.webhooks.models import Delivery, WebhookEvent
from service.webhooks.rules.words import DeliveryStatus
from service.webhooks.store.events import NOTICES

STOPPED = "the rehearsal was stopped"


async def to_be_played(session: Session, endpoint: str) -> int:
    """How many notices of a rehearsal wait for an endpoint."""
    return (await session.exec(select(func.count()).select_from(Delivery).where(*_waiting(endpoint)))).one()


async def stop(session: Session, endpoint: str, *, now: datetime) -> int:
    """End what waits; how many. What is on its way at this moment arrives. The caller holds the endpoint's standing."""
    ended = (
        update(Delivery)
        .where(*_waiting(endpoint), col(Delivery.lease).is_(None))
        .values(status=DeliveryStatus.CANCELLED.value, reason=STOPPED, next_at=None, ended_at=now)
        .execution_options(synchronize_session=False)
    )
    return int((await session.exec(ended)).rowcount)


def _waiting(endpoint: str) -> tuple[Any, ...]:
    played = select(WebhookEvent.id).where(
        WebhookEvent.endpoint == endpoint, col(WebhookEvent.type).in_(NOTICES), WebhookEvent.id == Delivery.event
    )
    return (
        col(Delivery.endpoint) == endpoint,
        col(Delivery.status) == DeliveryStatus.PENDING.value,
        played.correlate(Delivery).exists(),
    )
