"""How deliveries are found and kept: those of occurrences, and those that fan-out makes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, exists, or_, text
from sqlmodel import col, delete, select, update

from service.kit.database import Session
from service.kit.ids import new_id
from service.kit.rows import Same, insert_rows
from service.kit.statements import Statement
from service.milestones.models import Occurrence
from service.plans.models import Plan
from service.reminders.models import Firing
from service.webhooks.models import Delivery, Endpoint, ReceiverWish, WebhookEvent
from service.webhooks.rules.events import Event
from service.webhooks.rules.words import DeliveryStatus
from service.webhooks.store.events import NOTICES, by_reason
from service.webhooks.store.subjects import batches


@dataclass(frozen=True, slots=True)
class Announced:
    """An occurrence of which a notice is undelivered, as it is now."""

    occurrence: str
    status: str
    plan_status: str


class DeliveryRow(NamedTuple):
    """A delivery before it is written; the fields are columns of `Delivery`."""

    id: str
    event: str
    endpoint: str
    jurisdiction: str | None
    type: str
    is_notice: bool
    milestone: str | None
    occurrence: str | None
    status: str
    reason: str
    next_at: datetime | None
    not_after: datetime | None
    ended_at: datetime | None


def to_one(endpoint: Endpoint, event: Event, *, at: datetime, not_after: datetime | None = None) -> DeliveryRow:
    """The delivery of an event that is meant for one endpoint alone, first tried `at` a real instant."""
    return DeliveryRow(
        id=new_id("dl"),
        event=event.id,
        endpoint=endpoint.id,
        jurisdiction=endpoint.jurisdiction,
        type=event.type.value,
        is_notice=False,
        milestone=None,
        occurrence=None,
        status=DeliveryStatus.PENDING.value,
        reason="",
        next_at=at,
        not_after=not_after,
        ended_at=None,
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """What a receiver wishes about a subject: see `ReceiverWish`."""

    ack: str
    until_on: Any


class _AnyWish(NamedTuple):
    endpoint: str


_ANY_WISH = Statement("SELECT endpoint FROM receiver_wish LIMIT 1", row=_AnyWish)
_WAITING: Any = col(WebhookEvent.fanned_out_at).is_(None) & col(WebhookEvent.type).in_(NOTICES)
_STATES: Any = select(Occurrence.id, Occurrence.status, Plan.status).join(Plan, col(Plan.slug) == col(Occurrence.plan))


async def announced(
    session: Session,
    *,
    occurrences: Collection[str] = (),
    milestones: Collection[str] = (),
    plans: Collection[str] = (),
) -> dict[str, Announced]:
    """Occurrences (of these, of these milestones, of these plans; of all, where nothing is named) with an undelivered
    notice, or one that is not fanned out yet.
    """
    found: dict[str, Announced] = {}
    if not (occurrences or milestones or plans):
        queries: list[Any] = [_all_announced()]
    elif occurrences:
        queries = [_announced().where(col(Occurrence.id).in_(some)) for some in batches(occurrences)]
    elif milestones:
        queries = [_announced().where(col(Occurrence.milestone).in_(some)) for some in batches(milestones)]
    else:
        queries = [_announced().where(col(Occurrence.plan).in_(some)) for some in batches(plans)]
    for query in queries:
        found |= {row[0]: Announced(*row) for row in await session.exec(query)}
    return found


def _announced() -> Select[Any]:
    open_one = exists().where(_UNDELIVERED, col(Delivery.occurrence) == col(Occurrence.id))
    waiting = exists().where(_WAITING, col(WebhookEvent.occurrence) == col(Occurrence.id))
    found: Select[Any] = _STATES.where(or_(open_one, waiting))
    return found


def _all_announced() -> Select[Any]:
    """The same of all: from the few that are undelivered, not from the many that there are."""
    open_ones = select(Delivery.occurrence).where(_UNDELIVERED)
    waiting = select(WebhookEvent.occurrence).where(_WAITING)
    found: Select[Any] = _STATES.where(col(Occurrence.id).in_(open_ones.union(waiting)))
    return found


# To the letter as the partial index has it, or it is not used.
_UNDELIVERED: Any = text("delivery.status IN ('pending', 'held', 'waiting') AND delivery.is_notice")


async def supersede(session: Session, reasons: Mapping[str, str], *, now: datetime) -> None:
    """End the undelivered notices of occurrences: occurrence → why. Those under way are marked instead."""
    for reason, occurrences in by_reason(reasons).items():
        for some in batches(occurrences):
            await end_notices(session, col(Delivery.occurrence).in_(some), reason=reason, now=now)


async def end_notices(session: Session, which: Any, *, reason: str, now: datetime) -> None:
    """End the undelivered notices among these deliveries, and mark those under way; locked in order of their ids."""
    connection = await session.connection()
    mine = and_(_UNDELIVERED, which)
    await session.exec(select(Delivery.id).where(mine).order_by(col(Delivery.id)).with_for_update())
    await connection.execute(
        update(Delivery)
        .where(mine, col(Delivery.lease).is_not(None), col(Delivery.overtaken) == "")
        .values(overtaken=reason)
    )
    await connection.execute(
        update(Delivery)
        .where(mine, col(Delivery.lease).is_(None))
        .values(status=DeliveryStatus.SUPERSEDED.value, reason=reason, next_at=None, ended_at=now)
    )


async def write_deliveries(session: Session, rows: Sequence[DeliveryRow], *, now: datetime) -> None:
    """Write new deliveries."""
    if not rows:
        return
    columns = dict(zip(DeliveryRow._fields, zip(*rows, strict=True), strict=True))
    common = {"tries": Same(0), "overtaken": Same(""), "created_at": Same(now)}
    await insert_rows(session, Delivery, {**columns, **common}, behind=True)


async def take_back(session: Session, ids: Sequence[str]) -> None:
    """Drop deliveries that this transaction wrote: nobody has seen them."""
    for some in batches(ids):
        await session.exec(delete(Delivery).where(col(Delivery.id).in_(some)))


async def told_before(session: Session, occurrences: Collection[str]) -> dict[str, list[str]]:
    """Occurrence → the endpoints that were delivered a notice of it, or are being delivered one."""
    found: dict[str, list[str]] = {}
    told = (DeliveryStatus.DELIVERED.value, DeliveryStatus.DIGESTED.value)
    for some in batches(occurrences):
        query: Any = (
            select(Firing.occurrence, Delivery.endpoint)
            .join(WebhookEvent, col(WebhookEvent.fact) == col(Firing.fact))
            .join(Delivery, col(Delivery.event) == col(WebhookEvent.id))
            .where(col(Firing.occurrence).in_(some))
            .where(or_(col(Delivery.status).in_(told), col(Delivery.lease).is_not(None)))
            .distinct()
        )
        for occurrence, endpoint in await session.exec(query):
            found.setdefault(occurrence, []).append(endpoint)
    return found


async def wishes(session: Session, subjects: Iterable[str]) -> dict[tuple[str, str], Wish]:
    """(subject, endpoint) → what it wishes."""
    if not await _ANY_WISH.run(session, {}):
        return {}  # as nearly always
    found: dict[tuple[str, str], Wish] = {}
    for some in batches(set(subjects)):
        columns: Any = (ReceiverWish.subject, ReceiverWish.endpoint, ReceiverWish.ack, ReceiverWish.until_on)
        query: Any = select(*columns).where(col(ReceiverWish.subject).in_(some))
        for subject, endpoint, ack, until_on in await session.exec(query):
            found[subject, endpoint] = Wish(ack, until_on)
    return found
