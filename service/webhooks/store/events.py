"""How events are kept and found."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Text, cast, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select, update

from service.kit.database import Session
from service.kit.rows import Column, Same, among, insert_rows
from service.kit.statements import Statement
from service.webhooks.models import EventCounter, WebhookEvent
from service.webhooks.rules.events import EventType
from service.webhooks.store.subjects import batches

NOTICES = (EventType.OCCURRENCE_DUE_SOON, EventType.OCCURRENCE_DUE, EventType.OCCURRENCE_OVERDUE)
COUNTER = "event"


class EventRow(NamedTuple):
    """An event before it is written; the fields are columns of `WebhookEvent`. `units` is JSON."""

    id: str
    type: str
    scheduled_for: datetime | None
    not_after: datetime | None
    fact: int | None
    firing: str | None
    jurisdiction: str | None
    plan: str | None
    milestone: str | None
    occurrence: str | None
    kind: str | None
    units: str
    message: str

    @property
    def overtaken(self) -> str:
        """Nothing: nobody knows of it yet."""
        return ""


class Numbered(NamedTuple):
    """An event that was just numbered, as far as it matters to whom it goes. `overtaken`: it is no longer true.

    `units` is JSON.
    """

    id: str
    number: int
    type: str
    not_after: datetime | None
    jurisdiction: str | None
    plan: str | None
    milestone: str | None
    occurrence: str | None
    kind: str | None
    units: str
    overtaken: str


class Moment(NamedTuple):
    """What decides how events are fanned out at this moment, by the database's clock: `waiting` is the event that waits
    first, the revisions rise with every change of endpoints or jurisdictions, `wished`: some receiver has a wish.
    """

    now: datetime
    waiting: str | None
    endpoints: int
    jurisdictions: int
    wished: bool


class _Counter(NamedTuple):
    last: int


class _Waiting(NamedTuple):
    id: str


_LOCK_COUNTER = Statement("SELECT last FROM event_counter WHERE name = :name", row=_Counter, locks="FOR UPDATE")
_KEEP_COUNTER = Statement("UPDATE event_counter SET last = :last WHERE name = :name", row=_Counter)
_WAITS_FIRST = (
    "SELECT id FROM webhook_event WHERE fanned_out_at IS NULL AND NOT id ONE_OF(:without) ORDER BY fact LIMIT 1"
)
_FIRST = Statement(_WAITS_FIRST, row=_Waiting)
_AT_ONCE = (
    f"SELECT {{}} AS now, ({_WAITS_FIRST}) AS waiting,"  # noqa: S608 - our own words
    " (SELECT coalesce(sum(revision), 0) FROM endpoint) AS endpoints,"
    " (SELECT coalesce(sum(revision), 0) FROM jurisdiction) AS jurisdictions,"
    " EXISTS (SELECT 1 FROM receiver_wish) AS wished"
)
_MOMENT = Statement(
    _AT_ONCE.format("clock_timestamp()"),
    row=Moment,
    on_sqlite=_AT_ONCE.format("strftime('%Y-%m-%d %H:%M:%f', 'now')"),
)


async def write_events(session: Session, rows: Sequence[EventRow], *, at: datetime) -> None:
    """Write events that have no number yet."""
    await _write(session, rows, {"at": Same(at), "created_at": Same(at), "overtaken": Same("")})


async def write_numbered(session: Session, rows: Sequence[EventRow], *, last: int, at: datetime) -> None:
    """Write events with the numbers that follow the last one, for whoever fans them out in this very transaction."""
    numbers = range(last + 1, last + 1 + len(rows))
    common = {"at": Same(at), "created_at": Same(at), "overtaken": Same(""), "fanned_out_at": Same(at)}
    await _write(session, rows, common | {"number": numbers})


async def write_for_one(session: Session, rows: Sequence[EventRow], *, endpoint: str, at: datetime) -> None:
    """Write events that are meant for a single endpoint: they get no number and are not fanned out."""
    common = {"at": Same(at), "created_at": Same(at), "overtaken": Same("")}
    await _write(session, rows, common | {"endpoint": Same(endpoint), "fanned_out_at": Same(at)})


async def _write(session: Session, rows: Sequence[EventRow], common: Mapping[str, Column]) -> None:
    if rows:
        columns = dict(zip(EventRow._fields, zip(*rows, strict=True), strict=True))
        await insert_rows(session, WebhookEvent, {**columns, **common}, behind=True)


async def lock_counter(session: Session) -> int:
    """The number of the last event; nobody else numbers any until this transaction ends."""
    rows = await _LOCK_COUNTER.run(session, {"name": COUNTER})
    if rows:
        return rows[0].last
    connection = await session.connection()
    library = postgresql if connection.dialect.name == "postgresql" else sqlite
    # Two who are the first at the same moment: one writes the row, the other waits for it and finds it there.
    await connection.execute(library.insert(EventCounter).values(name=COUNTER, last=0).on_conflict_do_nothing())
    return (await _LOCK_COUNTER.run(session, {"name": COUNTER}))[0].last


async def number_events(
    session: Session, *, last: int, now: datetime, limit: int, without: Collection[str] = (), only: str = ""
) -> list[Numbered]:
    """Number the events that nobody was told of, in the order of their facts; `last` is the last number given.

    `without` these; `only`: this one and no other.
    """
    waiting: Any = (
        select(WebhookEvent.id, func.row_number().over(order_by=col(WebhookEvent.fact)).label("place"))
        .where(*_waits(without, only))
        .order_by(col(WebhookEvent.fact))
        .limit(limit)
        .subquery("waiting")
    )
    columns = [getattr(WebhookEvent, name) for name in Numbered._fields]
    columns[Numbered._fields.index("units")] = cast(col(WebhookEvent.units), Text)
    query = (
        update(WebhookEvent)
        .where(col(WebhookEvent.id) == waiting.c.id)
        .values(number=last + waiting.c.place, fanned_out_at=now)
        .returning(*columns)
    )
    connection = await session.connection()
    found = [Numbered(*row) for row in await connection.execute(query)]
    found.sort(key=lambda one: one.number)
    return found


async def at_this_moment(session: Session, *, without: Collection[str] = ()) -> Moment:
    """Everything that fan-out has to ask, with one visit: for others wait while it does. `without` these events."""
    return (await _MOMENT.run(session, {"without": sorted(without)}))[0]


async def keep_counter(session: Session, last: int) -> None:
    """The number of the last event is this now; whoever says so has locked the counter."""
    await _KEEP_COUNTER.run(session, {"name": COUNTER, "last": last})


async def first_waiting(session: Session, *, without: Collection[str]) -> str | None:
    """Which of the events that wait to be fanned out is the next. One look into an index that holds nothing else."""
    rows = await _FIRST.run(session, {"without": sorted(without)})
    return rows[0].id if rows else None


def _waits(without: Collection[str] = (), only: str = "") -> list[Any]:
    conditions: list[Any] = [col(WebhookEvent.fanned_out_at).is_(None)]
    if without:
        conditions.append(col(WebhookEvent.id).not_in(sorted(without)))
    if only:
        conditions.append(col(WebhookEvent.id) == only)
    return conditions


async def overtake_waiting(session: Session, reasons: Mapping[str, str]) -> None:
    """Notices of these occurrences that are not fanned out yet are no longer true: occurrence → why."""
    for reason, occurrences in by_reason(reasons).items():
        for some in batches(occurrences):
            query = (
                update(WebhookEvent)
                .where(col(WebhookEvent.occurrence).in_(some), col(WebhookEvent.fanned_out_at).is_(None))
                .where(col(WebhookEvent.type).in_(NOTICES))
                .values(overtaken=reason)
            )
            await (await session.connection()).execute(query)


def by_reason(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    """Reason → what it is the reason for."""
    found: dict[str, list[str]] = {}
    for id, reason in reasons.items():
        found.setdefault(reason, []).append(id)
    return found


async def messages_of(session: Session, ids: Collection[str]) -> dict[str, str]:
    """Event → its text."""
    query = select(WebhookEvent.id, WebhookEvent.message).where(among(session, col(WebhookEvent.id), ids))
    return {row[0]: row[1] for row in await (await session.connection()).execute(query)}


async def exists(session: Session, id: str) -> bool:
    """Whether there is an event with this id."""
    return (await session.exec(select(WebhookEvent.id).where(WebhookEvent.id == id))).first() is not None
