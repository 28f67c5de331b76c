"""What receivers answered, kept for a while with the attempts."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import tuple_
from sqlmodel import col, select, update

from service.kit.database import Session
from service.webhooks.models import Attempt, Delivery


class Place(NamedTuple):
    """Up to which delivery somebody has gone, in the order in which they were made."""

    created_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    id: str = ""


BEGINNING = Place()


async def next_page(session: Session, *, after: Place, before: datetime, limit: int) -> list[Place]:
    """The next deliveries that were made `before` an instant. One look into an index."""
    order = (col(Delivery.created_at), col(Delivery.id))
    query = select(Delivery.created_at, Delivery.id).where(order[0] < before, tuple_(*order) > tuple_(*after))
    return [Place(*row) for row in await session.exec(query.order_by(*order).limit(limit))]


async def answered(session: Session, deliveries: Sequence[str]) -> Sequence[str]:
    """Their attempts of which an answer is kept."""
    query = select(Attempt.id).where(col(Attempt.delivery).in_(deliveries), col(Attempt.response_body).is_not(None))
    return (await session.exec(query)).all()


async def forget(session: Session, attempts: Sequence[str]) -> None:
    """Drop what was answered; how it ended stays."""
    gone = update(Attempt).where(col(Attempt.id).in_(attempts))
    await session.exec(gone.values(response_body=None, response_headers=None))
