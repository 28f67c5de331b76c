"""How attempts end: the statements of a settlement."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from service.kit.database import Session
from service.kit.driver import is_postgresql
from service.kit.rows import Same, update_rows
from service.kit.statements import Statement
from service.milestones.models import Occurrence
from service.webhooks.models import Attempt, Delivery, ReceiverWish
from service.webhooks.rules.words import DeliveryStatus
from service.webhooks.store.deliveries import end_notices


class Leased(NamedTuple):
    """A delivery that somebody tries, locked. `until`: when that lease ends."""

    id: str
    lease: str | None
    until: datetime | None
    not_after: datetime | None
    overtaken: str


_LEASED = Statement(
    "SELECT id, lease, next_at, not_after, overtaken FROM delivery WHERE id ONE_OF(:deliveries) ORDER BY id",
    row=Leased,
    locks="FOR UPDATE",
)


class AttemptEnd(NamedTuple):
    """What an attempt learned; the fields but the first are columns of `Attempt`. `response_headers` is JSON."""

    attempt: str
    outcome: str
    reason: str
    status: int | None
    duration_ms: int | None
    response_headers: str | None
    response_body: bytes | None
    truncated: bool


class DeliveryEnd(NamedTuple):
    """What becomes of a delivery after an attempt under this lease."""

    delivery: str
    lease: str
    status: str
    reason: str
    next_at: datetime | None
    ended_at: datetime | None


async def lock_leased(session: Session, deliveries: Collection[str]) -> dict[str, Leased]:
    """These deliveries as they are now; nobody else changes them until this transaction ends."""
    rows = await _LEASED.run(session, {"deliveries": sorted(deliveries)})
    return {row.id: row for row in rows}


async def end_attempts(session: Session, ends: Sequence[AttemptEnd], *, now: datetime) -> None:
    """Write down what attempts learned, whoever holds their deliveries by now."""
    if ends:
        ids, *learned = zip(*ends, strict=True)
        columns = dict(zip(AttemptEnd._fields[1:], learned, strict=True))
        await update_rows(session, Attempt, {**columns, "ended_at": Same(now)}, by={"id": ids})


async def end_deliveries(session: Session, ends: Sequence[DeliveryEnd]) -> None:
    """What becomes of deliveries; fenced by their leases, which are known to hold."""
    if ends:
        ids, leases, *become = zip(*ends, strict=True)
        columns = dict(zip(DeliveryEnd._fields[2:], become, strict=True))
        await update_rows(session, Delivery, {**columns, "lease": Same(None)}, by={"id": ids, "lease": leases})


async def count_kept(session: Session, endpoint: str) -> int:
    """How many deliveries are kept for an endpoint."""
    kept = (DeliveryStatus.PENDING.value, DeliveryStatus.HELD.value, DeliveryStatus.WAITING.value)
    query = select(func.count()).where(Delivery.endpoint == endpoint, col(Delivery.status).in_(kept))
    return (await session.exec(query)).one()


class NewWish(NamedTuple):
    """What a receiver answered; the fields are columns of `ReceiverWish`."""

    endpoint: str
    subject: str
    jurisdiction: str | None
    ack: str
    until_on: date | None
    delivery: str
    at: datetime


async def keep_wish(session: Session, wish: NewWish) -> None:
    """Keep what a receiver wishes; the newest about a subject counts."""
    library = postgresql if is_postgresql(session) else sqlite
    values = wish._asdict()
    query = library.insert(ReceiverWish).values(values)
    changed = {name: values[name] for name in ("jurisdiction", "ack", "until_on", "delivery", "at")}
    query = query.on_conflict_do_update(index_elements=["endpoint", "subject"], set_=changed)
    await (await session.connection()).execute(query)


async def end_unwanted(
    session: Session, endpoint: str, *, occurrences: Iterable[str], reason: str, now: datetime
) -> None:
    """End the undelivered notices of these occurrences to this endpoint."""
    mine = col(Delivery.occurrence).in_(list(occurrences)) & (col(Delivery.endpoint) == endpoint)
    await end_notices(session, mine, reason=reason, now=now)


async def occurrences_of(session: Session, milestone: str) -> list[str]:
    """The ids of all occurrences of a milestone."""
    return list(await session.exec(select(Occurrence.id).where(Occurrence.milestone == milestone)))
