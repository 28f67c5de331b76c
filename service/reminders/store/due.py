"""What is due now: claiming it, and what has to be known of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from service.kit.database import Instant, Session
from service.milestones.models import Milestone, Occurrence
from service.plans.models import Plan
from service.reminders.models import Firing
from service.reminders.rules.ending import Notice
from service.reminders.rules.offsets import NoticeKind
from service.reminders.rules.planning import Cause, FiringStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A firing that is due, and this transaction's to end."""

    id: str
    occurrence: str
    jurisdiction: str
    offset: str
    kind: str
    due_version: int
    due_on: date
    fire_at: datetime
    time_zone: str
    local_time: str

    @property
    def notice(self) -> Notice:
        """The same, as the rules see it."""
        return Notice(
            id=self.id,
            occurrence=self.occurrence,
            offset=self.offset,
            kind=NoticeKind(self.kind),
            due_on=self.due_on,
            fire_at=self.fire_at,
            status=FiringStatus.PENDING,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a notice is about: the occurrence with its milestone and plan, as they are now."""

    id: str
    milestone: str
    plan: str
    period: str
    window_start: date | None
    nominal_due_on: date | None
    due_on: date | None
    due_time: time | None
    provisional: bool
    status: str
    key: str
    title: str
    kind: str
    plan_title: str
    plan_status: str


async def database_now(session: Session) -> datetime:
    """The instant by the database's clock: on PostgreSQL the server's, which replicas share, on SQLite the host's."""
    if session.get_bind().dialect.name == "postgresql":
        return (await session.exec(select(func.clock_timestamp(type_=Instant)))).one()
    text = (await session.exec(select(func.strftime("%Y-%m-%dT%H:%M:%f", "now")))).one()
    return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)


async def next_fire_at(session: Session) -> datetime | None:
    """The instant for which the next pending firing is planned; None: nothing is pending. One look into an index."""
    query = (
        select(Firing.fire_at)
        .where(Firing.status == FiringStatus.PENDING.value)
        .order_by(col(Firing.fire_at), col(Firing.id))
        .limit(1)
    )
    return (await session.exec(query)).first()


async def claim_due(session: Session, *, now: datetime, limit: int) -> list[Claimed]:
    """Take firings that are due, the oldest first; they are this transaction's until it ends.

    On PostgreSQL whoever comes meanwhile passes over what is taken (SKIP LOCKED). The rows are chosen and locked in a
    materialised CTE: in a plain subquery the planner may run the locking part again and lock more than `limit`. On
    SQLite the transaction is alone (BEGIN IMMEDIATE). A transaction that dies gives everything back.
    """
    return [Claimed(**row._mapping) for row in await session.exec(claim_query(now=now, limit=limit))]


def claim_query(*, now: datetime, limit: int) -> Any:
    """The statement of `claim_due`."""
    names = tuple(Claimed.__dataclass_fields__)
    due = (
        select(*(getattr(Firing, name) for name in names))
        .where(Firing.status == FiringStatus.PENDING.value, col(Firing.fire_at) <= now)
        .order_by(col(Firing.fire_at), col(Firing.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return select(*(due.c[name] for name in names)).order_by(due.c.fire_at, due.c.id)


async def read_subjects(session: Session, occurrences: Collection[str]) -> dict[str, Subject]:
    """What these occurrences are now."""
    columns = (
        *(getattr(Occurrence, name) for name in Subject.__dataclass_fields__ if name in Occurrence.model_fields),
        col(Milestone.key),
        col(Milestone.title),
        col(Milestone.kind),
        col(Plan.title).label("plan_title"),
        col(Plan.status).label("plan_status"),
    )
    query: Any = (
        select(*columns)
        .join(Milestone, col(Milestone.id) == col(Occurrence.milestone))
        .join(Plan, col(Plan.slug) == col(Occurrence.plan))
        .where(col(Occurrence.id).in_(occurrences))
    )
    return {row.id: Subject(**row._mapping) for row in await session.exec(query)}


async def notices_beside(
    session: Session, occurrences: Collection[str], *, since: datetime | None, now: datetime
) -> dict[str, list[Notice]]:
    """Occurrence → its firings whose time came between two instants and that count beside a claimed one.

    Those that wait, went out, or were left to a digest. `since` None: from the beginning.
    """
    counts = col(Firing.status).in_((FiringStatus.PENDING.value, FiringStatus.FIRED.value))
    names = [name for name in Notice.__dataclass_fields__ if name not in ("kind", "status")]
    query: Any = (
        select(Firing.kind, Firing.status, *(getattr(Firing, name) for name in names))
        .where(col(Firing.occurrence).in_(occurrences), col(Firing.fire_at) <= now)
        .where(counts | (col(Firing.cause) == Cause.DIGEST.value))
        .order_by(col(Firing.fire_at), col(Firing.id))
    )
    if since is not None:
        query = query.where(col(Firing.fire_at) >= since)
    found: dict[str, list[Notice]] = {id: [] for id in occurrences}
    for row in await session.exec(query):
        values = {name: getattr(row, name) for name in names}
        notice = Notice(kind=NoticeKind(row.kind), status=FiringStatus(row.status), **values)
        found[row.occurrence].append(notice)
    return found
