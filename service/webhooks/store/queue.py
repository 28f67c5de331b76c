"""What waits for an endpoint, changed as a whole. Whoever does it holds the endpoint's standing."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, or_
from sqlmodel import col, select, update

from service.kit.database import Session
from service.webhooks.models import Delivery
from service.webhooks.rules.words import DeliveryStatus

OPEN = (DeliveryStatus.PENDING.value, DeliveryStatus.HELD.value, DeliveryStatus.WAITING.value)


async def cancel_open(session: Session, endpoint: str, *, reason: str, now: datetime) -> int:
    """End everything that waits for an endpoint, also what is on its way; how many. Nobody can settle it any more."""
    mine = (col(Delivery.endpoint) == endpoint, col(Delivery.status).in_(OPEN))
    await session.exec(select(Delivery.id).where(*mine).order_by(col(Delivery.id)).with_for_update())
    ended = (
        update(Delivery)
        .where(*mine)
        .values(status=DeliveryStatus.CANCELLED.value, reason=reason, next_at=None, lease=None, ended_at=now)
    )
    return int((await session.exec(ended)).rowcount)


async def release_waiting(session: Session, endpoint: str, *, now: datetime) -> None:
    """Send now what waits for a digest that will never come."""
    mine = (col(Delivery.endpoint) == endpoint, col(Delivery.status) == DeliveryStatus.WAITING.value)
    await session.exec(update(Delivery).where(*mine).values(status=DeliveryStatus.PENDING.value, next_at=now))


async def release_held(session: Session, endpoint: str, *, now: datetime, per_minute: int) -> int:
    """Send what was held and what is overdue, the oldest first, no more than so many a minute; how many.

    What somebody tries at this moment is left to them.
    """
    overdue = (col(Delivery.status) == DeliveryStatus.PENDING.value) & col(Delivery.lease).is_(None)
    which = or_(col(Delivery.status) == DeliveryStatus.HELD.value, overdue & (col(Delivery.next_at) <= now))
    # Locked in the order of ids, as everywhere: else two who lock some of the same rows could wait for each other.
    query: Any = select(Delivery.id, Delivery.created_at).where(col(Delivery.endpoint) == endpoint, which)
    found = [(row.created_at, row.id) for row in await session.exec(query.order_by(Delivery.id).with_for_update())]
    pause = timedelta(minutes=1) / per_minute
    rows = [{"wanted": id, "at": now + place * pause} for place, (_, id) in enumerate(sorted(found))]
    if rows:
        connection = await session.connection()
        await connection.execute(_RELEASE, rows)
        _forget(session)
    return len(rows)


def _forget(session: Session) -> None:
    """What this session has read of deliveries is no longer so."""
    for row in session.identity_map.values():
        if isinstance(row, Delivery):
            session.expire(row)


_TABLE: Any = Delivery.__table__  # type: ignore[attr-defined]  # SQLModel does not tell mypy of it
_RELEASE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("wanted"))
    .values(status=DeliveryStatus.PENDING.value, next_at=bindparam("at"), lease=None, ended_at=None)
)
