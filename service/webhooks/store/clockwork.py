"""What digests and checkpoints are made from."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, exists, func
from sqlmodel import col, select, update

from service.kit.database import Session
from service.milestones.models import Milestone, Occurrence, OccurrenceUnit
from service.plans.models import Plan
from service.reminders.models import PLACE, Firing, PendingFiring
from service.webhooks.models import Delivery, Endpoint, EndpointStanding, WebhookEvent
from service.webhooks.rules.filters import Filter
from service.webhooks.rules.words import DeliveryStatus
from service.webhooks.store.subjects import batches


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that waits for a digest: its id, its event's, and what that says."""

    delivery: str
    event: str
    message: str


async def lock_due(
    session: Session,
    column: str,
    *,
    now: datetime,
    limit: int,
    without: Collection[str] = (),
    only: str = "",
) -> Sequence[tuple[Endpoint, EndpointStanding]]:
    """Endpoints in use whose `digest_at` or `checkpoint_at` has come, with their standings locked; what others hold is
    passed over. `without` these; `only`: this one and no other.
    """
    at = getattr(EndpointStanding, column)
    query: Any = (
        select(Endpoint, EndpointStanding)
        .join(EndpointStanding, col(EndpointStanding.endpoint) == col(Endpoint.id))
        .where(col(at) <= now, col(Endpoint.retired_at).is_(None), *_but(without, only))
        .order_by(col(at), col(Endpoint.id))
        .limit(limit)
        .with_for_update(of=EndpointStanding, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return [(row[0], row[1]) for row in await session.exec(query)]


async def first_due(session: Session, *, now: datetime, without: Collection[str] = ()) -> str | None:
    """An endpoint whose digest or checkpoint is due; locks nothing."""
    due = (col(EndpointStanding.digest_at) <= now) | (col(EndpointStanding.checkpoint_at) <= now)
    query = select(EndpointStanding.endpoint).where(due, *_but(without)).limit(1)
    return (await session.exec(query)).first()


def _but(without: Collection[str], only: str = "") -> list[Any]:
    conditions: list[Any] = [col(EndpointStanding.endpoint).not_in(sorted(without))] if without else []
    return [*conditions, col(EndpointStanding.endpoint) == only] if only else conditions


async def waiting_for(session: Session, endpoint: str, *, limit: int) -> list[Waiting]:
    """What waits for an endpoint's digest, the oldest first; locked."""
    query: Any = (
        select(Delivery.id, Delivery.event, WebhookEvent.message)
        .join(WebhookEvent, col(WebhookEvent.id) == col(Delivery.event))
        .where(Delivery.endpoint == endpoint, Delivery.status == DeliveryStatus.WAITING.value)
        .order_by(col(WebhookEvent.number))
        .limit(limit)
        .with_for_update(of=Delivery)
    )
    return [Waiting(*row) for row in await session.exec(query)]


async def digested(session: Session, deliveries: Iterable[str], *, now: datetime) -> None:
    """These are told in a digest, or are no longer true."""
    for some in batches(list(deliveries)):
        query = (
            update(Delivery)
            .where(col(Delivery.id).in_(some))
            .values(status=DeliveryStatus.DIGESTED.value, reason="", ended_at=now)
        )
        await (await session.connection()).execute(query)


async def count_open(session: Session, endpoint: str) -> int:
    """How many deliveries of an endpoint are on their way, held, or waiting for a digest."""
    kept = [DeliveryStatus.PENDING.value, DeliveryStatus.HELD.value, DeliveryStatus.WAITING.value]
    query = select(func.count()).where(Delivery.endpoint == endpoint, col(Delivery.status).in_(kept))
    return (await session.exec(query)).one()


async def due_on(session: Session, day: date, wanted: Filter) -> list[str]:
    """Occurrences within a filter that are owed on a day."""
    query: Any = (
        select(Occurrence.id)
        .join(Plan, col(Plan.slug) == col(Occurrence.plan))
        .join(Milestone, col(Milestone.id) == col(Occurrence.milestone))
        .where(Occurrence.sort_on == day, Occurrence.status == "active", Plan.status == "published")
        .where(*_within(wanted, Occurrence.jurisdiction, Occurrence.plan, Occurrence.id))
    )
    return list(await session.exec(query))


async def next_firing(session: Session, wanted: Filter, kinds: Iterable[str]) -> datetime | None:
    """The instant of the next planned notice of these kinds within a filter."""
    query: Any = (
        select(PendingFiring.fire_at)
        .join(Firing, col(Firing.id) == col(PendingFiring.firing))
        .join(Milestone, col(Milestone.id) == col(Firing.milestone))
        .where(col(Firing.kind).in_(list(kinds)))
        .where(*_within(wanted, Firing.jurisdiction, Firing.plan, Firing.occurrence))
        .order_by(*PLACE)
        .limit(1)
    )
    found: datetime | None = (await session.exec(query)).first()
    return found


def _within(wanted: Filter, jurisdiction: Any, plan: Any, occurrence: Any) -> list[Any]:
    """A filter as conditions, as `filters.matches` has them."""
    conditions: list[Any] = []
    if wanted.jurisdictions:
        conditions.append(col(jurisdiction).in_(sorted(wanted.jurisdictions)))
    if wanted.plans:
        conditions.append(col(plan).in_(sorted(wanted.plans)))
    if wanted.kinds:
        conditions.append(col(Milestone.kind).in_(sorted(wanted.kinds)))
    answers: list[Any] = []
    if wanted.units:
        answers.append(col(OccurrenceUnit.unit).in_(sorted(wanted.units)))
    if wanted.roles:
        answers.append(col(OccurrenceUnit.role).in_(sorted(wanted.roles)))
    if answers:
        conditions.append(exists().where(and_(col(OccurrenceUnit.occurrence) == col(occurrence), *answers)))
    return conditions
