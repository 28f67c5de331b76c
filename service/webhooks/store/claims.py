"""What may be tried now, and taking it: the statements of a claim. See `standings` about what they cost."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam
from sqlmodel import col, update

from service.kit.database import Instant, Session
from service.kit.driver import is_postgresql
from service.kit.rows import Column, Same, insert_rows, update_rows
from service.kit.statements import Statement
from service.webhooks.models import Attempt, Delivery
from service.webhooks.rules.words import DeliveryStatus, Outcome


class Due(NamedTuple):
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


class _Busy(NamedTuple):
    endpoint: str
    number: int


_UNDER_WAY_AT = Statement(
    "SELECT endpoint, count(*) FROM delivery"
    " WHERE lease IS NOT NULL AND next_at > :now AND endpoint ONE_OF(:endpoints) GROUP BY endpoint",
    row=_Busy,
)
# Not joined: what is due comes by its place in an index, and no planner may have another idea.
_MESSAGE = "(SELECT v.message FROM webhook_event AS v WHERE v.id = d.event) AS message"
_SHOWN = ", ".join(_MESSAGE if name == "message" else f"d.{name}" for name in Due._fields)
_DUE = "x.status = 'pending' AND x.next_at <= :now ORDER BY x.next_at, x.id"
_DUE_NOW = Statement(
    f"""
SELECT {_SHOWN} FROM unnest(CAST(:endpoints AS text[]), CAST(:most AS int[])) AS w (endpoint, most)
CROSS JOIN LATERAL (
    SELECT * FROM delivery AS x WHERE x.endpoint = w.endpoint AND {_DUE} LIMIT w.most FOR UPDATE SKIP LOCKED
) AS d
""",  # noqa: S608 - of our own words alone
    # SQLite knows no LATERAL, and no LIMIT that depends on the row outside: everybody gets the most, and what is beyond
    # an endpoint's own share is left by whoever asks.
    on_sqlite=f"""
SELECT {_SHOWN} FROM json_each(:endpoints) AS w CROSS JOIN delivery AS d
WHERE d.rowid IN (SELECT x.rowid FROM delivery AS x WHERE x.endpoint = w.value AND {_DUE} LIMIT :most)
""",  # noqa: S608 - of our own words alone
    row=Due,
)
# What is sent to find out whether an endpoint is back: whatever would be next, or else was held first.
_PROBES = tuple(
    Statement(f"SELECT {_SHOWN} FROM delivery AS d WHERE d.endpoint = :endpoint AND {which} LIMIT 1", row=Due)  # noqa: S608 - of our own words alone
    for which in (
        "d.status = 'pending' AND (d.lease IS NULL OR d.next_at <= :now) ORDER BY d.next_at, d.id",
        "d.status = 'held' AND d.status IN ('held', 'waiting') ORDER BY d.id",
    )
)


async def under_way(session: Session, endpoints: Collection[str], *, now: datetime) -> dict[str, int]:
    """Endpoint → how many attempts at it are under way.

    Asked when the standings are locked and in a statement of its own: the one that waited for a lock may still see what
    was there before.
    """
    rows = await _UNDER_WAY_AT.run(session, {"now": now, "endpoints": list(endpoints)})
    return {row.endpoint: row.number for row in rows}


async def due(session: Session, shares: Mapping[str, int], *, now: datetime) -> list[Due]:
    """Endpoint → how many of its deliveries at most: those that are due, the oldest first for each."""
    if not shares:
        return []
    most: Any = list(shares.values()) if is_postgresql(session) else max(shares.values())
    left, found = dict(shares), []
    for row in await _DUE_NOW.run(session, {"now": now, "endpoints": list(shares), "most": most}):
        left[row.endpoint] -= 1
        if left[row.endpoint] >= 0:
            found.append(row)
    return found


async def one_to_probe(session: Session, endpoint: str, *, now: datetime) -> list[Due]:
    """What is sent to find out whether an endpoint is back."""
    for statement in _PROBES:
        if rows := await statement.run(session, {"now": now, "endpoint": endpoint}):
            return rows
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
    ids = [one.id for _, one, _ in taken]
    columns: dict[str, Column] = {
        "status": Same(DeliveryStatus.PENDING.value),
        "lease": Same(by.token),
        "next_at": Same(by.until),
        "tries": [one.tries + 1 for _, one, _ in taken],
        "reason": Same(""),
    }
    await update_rows(session, Delivery, columns, by={"id": ids})
    numbered = {one.id: number for _, one, number in taken if number is not None}
    if numbered:
        await update_rows(session, Delivery, {"sequence": list(numbered.values())}, by={"id": list(numbered)})
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
