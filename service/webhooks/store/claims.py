"""What may be tried now: the statements of a claim.

What they cost depends on how many endpoints there are and how much is taken, never on how much waits for one of them:
every look at deliveries goes into a partial index at one endpoint's place. For that, the conditions of those indexes
stand here to the letter.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Boolean, Integer, String, TextClause, bindparam, text
from sqlmodel import col, update

from service.kit.database import Instant, Session
from service.kit.rows import Same, among, insert_rows, is_postgresql, update_rows
from service.webhooks.models import Attempt, Delivery, EndpointStanding
from service.webhooks.rules.health import Health, State
from service.webhooks.rules.words import DeliveryStatus, Outcome

_FIELDS = tuple(Health.__dataclass_fields__)
_UNDER_WAY = "d.endpoint = s.endpoint AND d.lease IS NOT NULL AND d.next_at > :now"
_TRYABLE = f"""
FROM endpoint_standing AS s JOIN endpoint AS e ON e.id = s.endpoint
WHERE e.retired_at IS NULL AND NOT e.paused AND s.state <> 'disabled'
    AND (s.throttled_until IS NULL OR s.throttled_until <= :now) AND s.allowed_at <= :now
    AND (SELECT count(*) FROM delivery AS d WHERE {_UNDER_WAY}) < e.concurrency
    AND CASE s.state
        WHEN 'held' THEN s.probe_at <= :now AND (
            EXISTS (SELECT 1 FROM delivery AS d WHERE d.endpoint = s.endpoint AND d.status = 'pending')
            OR EXISTS (SELECT 1 FROM delivery AS d WHERE d.endpoint = s.endpoint AND d.status = 'held'
                AND d.status IN ('held', 'waiting')))
        WHEN 'probing' THEN NOT EXISTS (SELECT 1 FROM delivery AS d WHERE {_UNDER_WAY})
        ELSE EXISTS (SELECT 1 FROM delivery AS d
            WHERE d.endpoint = s.endpoint AND d.status = 'pending' AND d.next_at <= :now)
    END
"""  # noqa: S608 - of our own words alone
_CANDIDATES = f"""
SELECT s.endpoint, {", ".join(f"s.{name}" for name in _FIELDS)}, s.allowed_at, s.last_sequence,
    e.numbered, e.concurrency, e.per_minute, e.format, e.revision
{_TRYABLE}
ORDER BY s.served_at, s.endpoint LIMIT :most
"""
_CANDIDATE_TYPES: dict[str, Any] = {
    **{name: Instant() for name in ("failing_since", "held_since", "probe_at", "throttled_until", "allowed_at")},
    "numbered": Boolean(),
}
_NAMES = (
    "id", "event", "endpoint", "jurisdiction", "type", "is_notice", "milestone", "occurrence", "status", "tries",
    "sequence", "not_after", "lease", "overtaken",
)  # fmt: skip
# Not joined: what is due comes by its place in an index, and no planner may have another idea.
_MESSAGE = "(SELECT v.message FROM webhook_event AS v WHERE v.id = d.event) AS message"
_SHOWN = ", ".join([*(f"d.{name}" for name in _NAMES), _MESSAGE])
_DUE = "x.status = 'pending' AND x.next_at <= :now ORDER BY x.next_at, x.id"
_DUE_ON_POSTGRESQL = f"""
SELECT {_SHOWN} FROM unnest(CAST(:endpoints AS text[]), CAST(:most AS int[])) AS w (endpoint, most)
CROSS JOIN LATERAL (
    SELECT * FROM delivery AS x WHERE x.endpoint = w.endpoint AND {_DUE} LIMIT w.most FOR UPDATE SKIP LOCKED
) AS d
"""  # noqa: S608 - of our own words alone
# SQLite knows no LATERAL, and no LIMIT that depends on the row outside: everybody gets the most, and what is beyond an
# endpoint's own share is left by whoever asks.
_DUE_ON_SQLITE = f"""
SELECT {_SHOWN} FROM json_each(:endpoints) AS w CROSS JOIN delivery AS d
WHERE d.rowid IN (SELECT x.rowid FROM delivery AS x WHERE x.endpoint = w.value AND {_DUE} LIMIT :most)
"""  # noqa: S608 - of our own words alone
_DUE_TYPES: dict[str, Any] = {"is_notice": Boolean(), "not_after": Instant(), "tries": Integer(), "id": String()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An endpoint that may be sent something, its standing locked. `format` decides about limits too."""

    endpoint: str
    health: Health
    allowed_at: datetime
    last_sequence: int
    numbered: bool
    concurrency: int
    per_minute: int | None
    format: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A delivery that is due, and its event's text. `lease`: of whoever tried it last and never said how that ended."""

    id: str
    event: str
    endpoint: str
    jurisdiction: str | None
    type: str
    is_notice: bool
    milestone: str | None
    occurrence: str | None
    status: str
    tries: int
    sequence: int | None
    not_after: datetime | None
    lease: str | None
    overtaken: str
    message: str


# Made once: to read a statement for its parameters takes longer than to run it.
@cache
def _timed(statement: str) -> TextClause:
    return text(statement).bindparams(bindparam("now", type_=Instant()))


@cache
def _candidates(statement: str) -> Any:
    return _timed(statement).columns(**_CANDIDATE_TYPES)


@cache
def _due(statement: str) -> Any:
    return _timed(statement).columns(**_DUE_TYPES)


async def any_due(session: Session, *, now: datetime) -> bool:
    """Whether there is anything to claim; locks nothing."""
    query = _timed(f"SELECT 1 {_TRYABLE} LIMIT 1")
    return (await (await session.connection()).execute(query, {"now": now})).first() is not None


async def next_due(session: Session, *, now: datetime) -> datetime | None:
    """When the next delivery will be due that is not yet; None: none will."""
    query = (
        text(
            "SELECT min(at) AS at FROM (SELECT (SELECT d.next_at FROM delivery AS d WHERE d.endpoint = s.endpoint"
            " AND d.status = 'pending' AND d.next_at > :now ORDER BY d.next_at LIMIT 1) AS at"
            " FROM endpoint_standing AS s) AS next"
        )
        .bindparams(bindparam("now", type_=Instant()))
        .columns(at=Instant())
    )
    found: datetime | None = (await (await session.connection()).execute(query, {"now": now})).scalar_one()
    return found


async def lock_candidates(session: Session, *, now: datetime, most: int) -> list[Candidate]:
    """Endpoints with something due, whoever was served the longest ago first; passing over what others hold."""
    query = _candidates(_CANDIDATES + (" FOR UPDATE OF s SKIP LOCKED" if is_postgresql(session) else ""))
    found = []
    for row in (await (await session.connection()).execute(query, {"now": now, "most": most})).mappings():
        values = {name: row[name] for name in _FIELDS} | {"state": State(row["state"])}
        rest = {name: row[name] for name in Candidate.__dataclass_fields__ if name != "health"}
        found.append(Candidate(health=Health(**values), **rest))
    return found


async def under_way(session: Session, endpoints: Collection[str], *, now: datetime) -> dict[str, int]:
    """Endpoint → how many attempts at it are under way.

    Asked when the standings are locked and in a statement of its own: the one that waited for a lock may still see what
    was there before.
    """
    query = (
        text(
            "SELECT endpoint, count(*) FROM delivery WHERE lease IS NOT NULL AND next_at > :now"
            " AND endpoint IN :endpoints GROUP BY endpoint"
        )
        .bindparams(bindparam("now", type_=Instant()), bindparam("endpoints", expanding=True))
    )  # fmt: skip
    rows = await (await session.connection()).execute(query, {"now": now, "endpoints": list(endpoints)})
    return {row[0]: row[1] for row in rows}


async def due(session: Session, shares: Mapping[str, int], *, now: datetime) -> list[Due]:
    """Endpoint → how many of its deliveries at most: those that are due, the oldest first for each."""
    if not shares:
        return []
    endpoints = list(shares)
    values: dict[str, Any] = {"now": now, "endpoints": endpoints, "most": list(shares.values())}
    statement = _DUE_ON_POSTGRESQL
    if not is_postgresql(session):
        statement = _DUE_ON_SQLITE
        values |= {"endpoints": json.dumps(endpoints), "most": max(shares.values())}
    query = _due(statement)
    left, found = dict(shares), []
    for row in (await (await session.connection()).execute(query, values)).mappings():
        left[row["endpoint"]] -= 1
        if left[row["endpoint"]] >= 0:
            found.append(Due(**row))
    return found


async def one_to_probe(session: Session, endpoint: str, *, now: datetime) -> list[Due]:
    """What is sent to find out whether an endpoint is back: whatever would be next, or else was held first."""
    for which in (
        "d.status = 'pending' AND (d.lease IS NULL OR d.next_at <= :now) ORDER BY d.next_at, d.id",
        "d.status = 'held' AND d.status IN ('held', 'waiting') ORDER BY d.id",
    ):
        query = text(f"SELECT {_SHOWN} FROM delivery AS d WHERE d.endpoint = :endpoint AND {which} LIMIT 1")  # noqa: S608 - our own words
        if ":now" in which:
            query = query.bindparams(bindparam("now", value=now, type_=Instant()))
        row = (
            (await (await session.connection()).execute(query.columns(**_DUE_TYPES), {"endpoint": endpoint}))
            .mappings()
            .first()
        )
        if row is not None:
            return [Due(**row)]
    return []


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to try deliveries, until an instant."""

    token: str
    until: datetime


async def lease(session: Session, taken: Sequence[tuple[str, Due, int | None]], *, by: Lease, now: datetime) -> None:
    """Take deliveries: (attempt, delivery, its number if it gets one now). Each gets its attempt's row."""
    if not taken:
        return
    connection = await session.connection()
    ids = [one.id for _, one, _ in taken]
    await connection.execute(
        update(Delivery)
        .where(among(session, col(Delivery.id), ids))
        .values(
            status=DeliveryStatus.PENDING.value,
            lease=by.token,
            next_at=by.until,
            tries=col(Delivery.tries) + 1,
            reason="",
        )
    )
    numbered = {one.id: number for _, one, number in taken if number is not None}
    if numbered:
        columns = {"sequence": list(numbered.values())}
        await update_rows(session, Delivery, columns, by={"id": list(numbered)})
    await insert_rows(
        session,
        Attempt,
        {
            "id": [attempt for attempt, _, _ in taken],
            "delivery": ids,
            "jurisdiction": [one.jurisdiction for _, one, _ in taken],
            "number": [one.tries + 1 for _, one, _ in taken],
            "lease": Same(by.token),
            "started_at": Same(now),
            "lease_until": Same(by.until),
            "reason": Same(""),
            "truncated": Same(value=False),
        },
    )


async def abandon(session: Session, lost: Iterable[Due], *, now: datetime) -> None:
    """The attempts under leases that passed without a word are over."""
    rows = [{"which": one.id, "token": one.lease} for one in lost]
    if rows:
        query = (
            update(Attempt)
            .where(
                col(Attempt.delivery) == bindparam("which"),
                col(Attempt.lease) == bindparam("token"),
                col(Attempt.outcome).is_(None),
            )
            .values(
                outcome=Outcome.ABANDONED.value, ended_at=now, reason="nobody said how it ended; it may have arrived"
            )
        )
        await (await session.connection()).execute(query, rows)


async def end(session: Session, ended: Iterable[tuple[str, DeliveryStatus, str]], *, now: datetime) -> None:
    """End or hold deliveries without trying them: id, how, and why."""
    rows = [
        {
            "which": id,
            "how": status.value,
            "why": reason,
            "at": None if status is DeliveryStatus.HELD else now,
        }
        for id, status, reason in ended
    ]
    if rows:
        query = (
            update(Delivery)
            .where(col(Delivery.id) == bindparam("which"))
            .values(
                status=bindparam("how"),
                reason=bindparam("why"),
                ended_at=bindparam("at", type_=Instant()),
                next_at=None,
                lease=None,
            )
        )
        await (await session.connection()).execute(query, rows)


async def keep_standings(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Keep columns of standings that are locked: each row has `endpoint` and the same columns as the others."""
    if rows:
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        await update_rows(session, EndpointStanding, columns, by={"endpoint": columns.pop("endpoint")})


def health_columns(health: Health) -> dict[str, Any]:
    """A condition as columns of a standing."""
    return {name: getattr(health, name) for name in _FIELDS} | {"state": health.state.value}


HEALTH = _FIELDS
