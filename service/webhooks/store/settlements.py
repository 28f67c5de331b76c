"""How attempts end: the statements of a settlement."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from service.kit.database import Instant, Session
from service.kit.rows import Same, is_postgresql, update_rows
from service.kit.statements import Statement
from service.milestones.models import Occurrence
from service.webhooks.models import Attempt, Delivery, ReceiverWish
from service.webhooks.rules.health import Health
from service.webhooks.rules.words import DeliveryStatus
from service.webhooks.store.claims import INSTANTS_OF_HEALTH, health_of
from service.webhooks.store.deliveries import end_notices

_OF_HEALTH = tuple(Health.__dataclass_fields__)
# Whoever locks several does it in one order.
_STANDINGS = Statement(
    f"""
SELECT e.id, e.host, e.jurisdiction, e.format, e.per_minute, {", ".join(f"s.{name}" for name in _OF_HEALTH)}
FROM endpoint AS e JOIN endpoint_standing AS s ON s.endpoint = e.id WHERE e.id ONE_OF(:endpoints) ORDER BY e.id
""",  # noqa: S608 - of our own words alone
    types=INSTANTS_OF_HEALTH,
    locks="FOR UPDATE OF s",
)
_LEASED = Statement(
    "SELECT id, lease, next_at AS until, not_after, overtaken FROM delivery WHERE id ONE_OF(:deliveries) ORDER BY id",
    types={"until": Instant(), "not_after": Instant()},
    locks="FOR UPDATE",
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an endpoint fares, locked, and what is said of it where that changes."""

    endpoint: str
    host: str
    jurisdiction: str | None
    format: str
    per_minute: int | None
    health: Health


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery that somebody tries, locked. `until`: when that lease ends."""

    id: str
    lease: str | None
    until: datetime | None
    not_after: datetime | None
    overtaken: str


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


async def lock_standings(session: Session, endpoints: Collection[str]) -> dict[str, Standing]:
    """How these endpoints fare; nobody claims or settles anything of them until this transaction ends."""
    rows = await _STANDINGS.run(session, {"endpoints": sorted(endpoints)})
    return {
        row["id"]: Standing(
            row["id"], row["host"], row["jurisdiction"], row["format"], row["per_minute"], health_of(row)
        )
        for row in rows
    }


async def lock_leased(session: Session, deliveries: Collection[str]) -> dict[str, Leased]:
    """These deliveries as they are now; nobody else changes them until this transaction ends."""
    rows = await _LEASED.run(session, {"deliveries": sorted(deliveries)})
    return {row["id"]: Leased(**row) for row in rows}


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
