"""What is due now: claiming it, and what has to be known of it."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

from sqlmodel import col, select

from service.kit.database import Session
from service.kit.driver import is_postgresql
from service.kit.rows import among
from service.kit.statements import Statement
from service.milestones.models import Milestone, Occurrence
from service.plans.models import Plan
from service.reminders.models import Firing
from service.reminders.rules.ending import Notice
from service.reminders.rules.offsets import NoticeKind
from service.reminders.rules.planning import Cause, FiringStatus


class _Clock(NamedTuple):
    now: datetime


_CLOCK = Statement("SELECT clock_timestamp()", row=_Clock, on_sqlite="SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)  # before any firing
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


class _Next(NamedTuple):
    fire_at: datetime


class _Due(NamedTuple):
    id: str


_NEXT = Statement(
    "SELECT fire_at FROM pending_firing WHERE NOT firing ONE_OF(:without) ORDER BY fire_at, firing LIMIT 1",
    row=_Next,
)
_FIRST = Statement(
    "SELECT firing AS id FROM pending_firing WHERE fire_at <= :now AND NOT firing ONE_OF(:without)"
    " ORDER BY fire_at, firing LIMIT 1",
    row=_Due,
)
_IN_TURN = (
    "FROM pending_firing WHERE fire_at <= :now AND (:only = '' OR firing = :only) AND NOT firing ONE_OF(:without)"
    " ORDER BY fire_at, firing LIMIT :limit"
)
_CLAIM = (
    "WITH due AS MATERIALIZED (SELECT ctid AS place, fire_at, firing {in_turn} FOR UPDATE SKIP LOCKED),"
    " taken AS (DELETE FROM pending_firing WHERE ctid = ANY (ARRAY(SELECT place FROM due)))"
    " SELECT firing AS id FROM due ORDER BY fire_at, firing"
)
CLAIM = Statement(_CLAIM.format(in_turn=_IN_TURN), row=_Due, on_sqlite=f"SELECT firing AS id {_IN_TURN}")
_TAKE = "DELETE FROM pending_firing WHERE (fire_at, firing) IN (SELECT fire_at, firing {in_turn})"
_TAKE_ON_SQLITE = Statement(_TAKE.format(in_turn=_IN_TURN), row=_Due)
_COLUMNS = ", ".join(f'"{name}"' for name in Claimed._fields)
_DUE = Statement(f"SELECT {_COLUMNS} FROM firing WHERE id ONE_OF(:ids)", row=Claimed)  # noqa: S608 - our own columns
_COMING = Statement(
    f"SELECT {_COLUMNS} FROM firing WHERE id IN (SELECT firing FROM pending_firing"  # noqa: S608 - our own columns
    " WHERE fire_at BETWEEN :fire_at AND :until AND (fire_at > :fire_at OR firing > :id)"
    " ORDER BY fire_at, firing LIMIT :limit) ORDER BY fire_at, id",
    row=Claimed,
)


class Around(NamedTuple):
    """Beside a claimed firing of an occurrence: how many count with it, and for when the next one is planned."""

    occurrence: str
    beside: int
    next_at: datetime | None


class Near(NamedTuple):
    """When others of a firing's occurrence are planned that count beside it: the last one up to it, and the first one
    after it; and the first one after it that is still to come.
    """

    firing: str
    before: datetime | None
    after: datetime | None
    next_at: datetime | None

    def is_alone(self, since: datetime, now: datetime) -> bool:
        """Whether nothing else counts between two instants, between which the firing itself is planned."""
        return (self.before is None or self.before < since) and (self.after is None or self.after > now)


# What counts is as `_counts_beside` has it.
_NEAR = Statement(
    "SELECT one.id, max(CASE WHEN other.fire_at <= one.fire_at THEN other.fire_at END) AS before,"
    " min(CASE WHEN other.fire_at > one.fire_at THEN other.fire_at END) AS after,"
    " min(CASE WHEN other.fire_at > one.fire_at AND other.status = 'pending' THEN other.fire_at END) AS next_at"
    " FROM firing AS one JOIN firing AS other ON other.occurrence = one.occurrence AND other.id <> one.id"
    " AND (other.status IN ('pending', 'fired') OR other.cause = 'digest') WHERE one.id ONE_OF(:ids) GROUP BY one.id",
    row=Near,
)
_AROUND = Statement(
    "SELECT * FROM (SELECT occurrence, sum(CASE WHEN fire_at BETWEEN :since AND :now"
    " AND (status IN ('pending', 'fired') OR cause = 'digest') THEN 1 ELSE 0 END) AS beside,"
    " min(CASE WHEN fire_at > :now AND status = 'pending' THEN fire_at END) AS next_at"
    " FROM firing WHERE occurrence ONE_OF(:occurrences) GROUP BY occurrence) AS around"
    " WHERE beside > 1 OR next_at IS NOT NULL",
    row=Around,
)


async def database_now(session: Session) -> datetime:
    """The instant by the database's clock: on PostgreSQL the server's, which replicas share, on SQLite the host's."""
    (row,) = await _CLOCK.run(session, {})
    return row.now


async def next_fire_at(session: Session, *, without: Collection[str] = ()) -> datetime | None:
    """The instant for which the next pending firing is planned; None: nothing is pending. One look into an index.

    `without` these: a few that are left out.
    """
    rows = await _NEXT.run(session, {"without": sorted(without)})
    return rows[0].fire_at if rows else None


async def first_due(session: Session, *, now: datetime, without: Collection[str]) -> str | None:
    """Which firing is due first; reads nothing of it but its id. Locks nothing."""
    rows = await _FIRST.run(session, {"now": now, "without": sorted(without)})
    return rows[0].id if rows else None


async def claim_due(
    session: Session, *, now: datetime, limit: int, without: Collection[str] = (), only: str = ""
) -> list[str]:
    """Take firings that are due out of the queue, the oldest first: their ids, for this transaction to end.

    `without` these; `only`: this one, if it is due, and no other.

    On PostgreSQL whoever comes meanwhile passes over what is taken (SKIP LOCKED). The rows are chosen and locked in a
    materialised CTE: in a plain subquery the planner may run the locking part again and lock more than `limit`. On
    SQLite the transaction is alone (BEGIN IMMEDIATE). A transaction that dies gives everything back.
    """
    values = {"now": now, "limit": limit, "without": sorted(without), "only": only}
    claimed = await CLAIM.run(session, values)
    if claimed and not is_postgresql(session):
        await _TAKE_ON_SQLITE.run(session, values)
    return [row.id for row in claimed]


async def read_due(session: Session, ids: Collection[str]) -> list[Claimed]:
    """Firings, in no order."""
    return await _DUE.run(session, {"ids": list(ids)})


async def read_coming(
    session: Session, *, after: tuple[datetime, str], until: datetime, limit: int
) -> Sequence[Claimed]:
    """Pending firings that come next after one (its instant and id), in their order. Locks nothing."""
    return await _COMING.run(session, {"fire_at": after[0], "id": after[1], "until": until, "limit": limit})


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


async def around(
    session: Session, occurrences: Collection[str], *, since: datetime | None, now: datetime
) -> list[Around]:
    """What is beside the firings of these occurrences between two instants, and after them; nothing where they are
    alone. `since` None: from the beginning.
    """
    return await _AROUND.run(session, {"occurrences": list(occurrences), "since": since or BEGINNING, "now": now})


async def near(session: Session, ids: Collection[str]) -> dict[str, Near]:
    """Firing → what is planned for its occurrence before and after it. One that is alone is not in the answer."""
    return {one.firing: one for one in await _NEAR.run(session, {"ids": list(ids)})}


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
