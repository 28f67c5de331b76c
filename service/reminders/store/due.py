"""What is due now: claiming it, and what has to be known of it."""

from collections.abc import Collection
from datetime import date, datetime, time
from typing import Any, NamedTuple

from sqlalchemy import func, text
from sqlmodel import col, select

from service.kit.database import Session
from service.kit.rows import among
from service.kit.statements import Statement
from service.milestones.models import Milestone, Occurrence
from service.plans.models import Plan
from service.reminders.models import IN_TURN, Firing
from service.reminders.rules.ending import Notice
from service.reminders.rules.offsets import NoticeKind
from service.reminders.rules.planning import Cause, FiringStatus


class _Clock(NamedTuple):
    now: datetime


_CLOCK = Statement("SELECT clock_timestamp()", row=_Clock, on_sqlite="SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")
# To the letter as the partial index has it, or it is not used.
PENDING: Any = text("firing.status = 'pending'")
_KINDS = {kind.value: kind for kind in NoticeKind}

# Ten thousand of them may be due in the same second: tuples are made from rows in a fifth of the time.


class Claimed(NamedTuple):
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
        kind = _KINDS[self.kind]
        return Notice(self.id, self.occurrence, self.offset, kind, self.due_on, self.fire_at, FiringStatus.PENDING)


class Subject(NamedTuple):
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
    (row,) = await _CLOCK.run(session, {})
    return row.now


async def next_fire_at(session: Session, *, without: Collection[str] = ()) -> datetime | None:
    """The instant for which the next pending firing is planned; None: nothing is pending. One look into an index.

    `without` these: a few that are left out.
    """
    query = select(Firing.fire_at).where(PENDING, *_but(without)).order_by(*IN_TURN).limit(1)
    return (await session.exec(query)).first()


async def first_due(session: Session, *, now: datetime, without: Collection[str]) -> str | None:
    """Which firing is due first; reads nothing of it but its id. Locks nothing."""
    query = select(Firing.id).where(PENDING, col(Firing.fire_at) <= now, *_but(without)).order_by(*IN_TURN).limit(1)
    return (await session.exec(query)).first()


async def claim_due(
    session: Session, *, now: datetime, limit: int, without: Collection[str] = (), only: str = ""
) -> list[Claimed]:
    """Take firings that are due, the oldest first; they are this transaction's until it ends.

    `without` these; `only`: this one, if it is due, and no other.

    On PostgreSQL whoever comes meanwhile passes over what is taken (SKIP LOCKED). The rows are chosen and locked in a
    materialised CTE: in a plain subquery the planner may run the locking part again and lock more than `limit`. On
    SQLite the transaction is alone (BEGIN IMMEDIATE). A transaction that dies gives everything back.
    """
    connection = await session.connection()
    query = claim_query(now=now, limit=limit, without=without, only=only)
    return [Claimed(*row) for row in await connection.execute(query)]


def claim_query(*, now: datetime, limit: int, without: Collection[str] = (), only: str = "") -> Any:
    """The statement of `claim_due`."""
    names = Claimed._fields
    due = (
        select(*(getattr(Firing, name) for name in names))
        .where(PENDING, col(Firing.fire_at) <= now, *_but(without, only))
        .order_by(*IN_TURN)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return select(*(due.c[name] for name in names)).order_by(due.c.fire_at, due.c.id.desc())


def _but(without: Collection[str], only: str = "") -> list[Any]:
    conditions: list[Any] = [col(Firing.id).not_in(sorted(without))] if without else []
    return [*conditions, col(Firing.id) == only] if only else conditions


async def read_subjects(session: Session, occurrences: Collection[str]) -> dict[str, Subject]:
    """What these occurrences are now."""
    columns = (
        *(getattr(Occurrence, name) for name in Subject._fields if name in Occurrence.model_fields),
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
        .where(among(session, col(Occurrence.id), occurrences))
    )
    connection = await session.connection()
    return {row[0]: Subject(*row) for row in await connection.execute(query)}


async def crowded(
    session: Session, occurrences: Collection[str], *, since: datetime | None, now: datetime
) -> list[str]:
    """Those of these occurrences of which several firings count beside each other: mostly none."""
    query: Any = (
        select(Firing.occurrence)
        .where(_counts_beside(session, occurrences, since=since, now=now))
        .group_by(col(Firing.occurrence))
        .having(func.count() > 1)
    )
    return list(await session.exec(query))


async def notices_beside(
    session: Session, occurrences: Collection[str], *, since: datetime | None, now: datetime
) -> dict[str, list[Notice]]:
    """Occurrence → its firings whose time came between two instants and that count beside a claimed one.

    Those that wait, went out, or were left to a digest. `since` None: from the beginning.
    """
    names = [name for name in Notice._fields if name not in ("kind", "status")]
    query: Any = (
        select(Firing.kind, Firing.status, *(getattr(Firing, name) for name in names))
        .where(_counts_beside(session, occurrences, since=since, now=now))
        .order_by(col(Firing.fire_at), col(Firing.id))
    )
    found: dict[str, list[Notice]] = {id: [] for id in occurrences}
    for row in await session.exec(query):
        values = {name: getattr(row, name) for name in names}
        notice = Notice(kind=NoticeKind(row.kind), status=FiringStatus(row.status), **values)
        found[row.occurrence].append(notice)
    return found


def _counts_beside(session: Session, occurrences: Collection[str], *, since: datetime | None, now: datetime) -> Any:
    counts = col(Firing.status).in_((FiringStatus.PENDING.value, FiringStatus.FIRED.value))
    wanted = (
        among(session, col(Firing.occurrence), occurrences)
        & (col(Firing.fire_at) <= now)
        & (counts | (col(Firing.cause) == Cause.DIGEST.value))
    )
    return wanted if since is None else wanted & (col(Firing.fire_at) >= since)
