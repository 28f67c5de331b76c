"""How endpoints fare: who may be sent something now. Statements of claims and settlements.

What they cost depends on how many endpoints there are, never on how much waits for one of them: every look at
deliveries goes into a partial index at one endpoint's place. For that, the conditions of those indexes stand here to
the letter.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from service.kit.database import Session
from service.kit.rows import update_rows
from service.kit.statements import Statement
from service.webhooks.models import EndpointStanding
from service.webhooks.rules.health import Health, State


class Standing(NamedTuple):
    """How an endpoint fares, locked, and what its limits depend on. From `state` on it is its `health`."""

    endpoint: str
    host: str
    jurisdiction: str | None
    format: str
    numbered: bool
    concurrency: int
    per_minute: int | None
    revision: int
    allowed_at: datetime
    last_sequence: int
    state: str
    failures: int
    failing_since: datetime | None
    held_since: datetime | None
    probes: int
    probe_at: datetime | None
    throttles: int
    throttled_until: datetime | None
    reason: str

    @property
    def health(self) -> Health:
        """Its condition."""
        told = {name: getattr(self, name) for name in _OF_HEALTH}
        return Health(**told | {"state": State(self.state)})


class _First(NamedTuple):
    endpoint: str


class _At(NamedTuple):
    at: datetime | None


_OF_HEALTH = tuple(Health.__dataclass_fields__)
_OF_ENDPOINT = ("host", "jurisdiction", "format", "numbered", "concurrency", "per_minute", "revision")
_SHOWN = ", ".join(f"{'e' if name in _OF_ENDPOINT else 's'}.{name}" for name in Standing._fields)
_UNDER_WAY = "d.endpoint = s.endpoint AND d.lease IS NOT NULL AND d.next_at > :now"
_TRYABLE = f"""
FROM endpoint_standing AS s JOIN endpoint AS e ON e.id = s.endpoint
WHERE NOT (s.endpoint ONE_OF(:without)) AND (:only = '' OR s.endpoint = :only)
    AND e.retired_at IS NULL AND NOT e.paused AND s.state <> 'disabled'
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
_FIRST_DUE = Statement(f"SELECT s.endpoint {_TRYABLE} ORDER BY s.served_at, s.endpoint LIMIT 1", row=_First)
_CANDIDATES = Statement(
    f"SELECT {_SHOWN} {_TRYABLE} ORDER BY s.served_at, s.endpoint LIMIT :most",
    row=Standing,
    locks="FOR UPDATE OF s SKIP LOCKED",
)
_NEXT_DUE = Statement(
    """
SELECT min(at) AS at FROM (
    SELECT (SELECT d.next_at FROM delivery AS d
        WHERE d.endpoint = s.endpoint AND d.status = 'pending' AND d.next_at > :now ORDER BY d.next_at LIMIT 1) AS at
    FROM endpoint_standing AS s
) AS next
""",
    row=_At,
)
# Whoever locks several does it in one order.
_STANDINGS = Statement(
    f"SELECT {_SHOWN} FROM endpoint AS e JOIN endpoint_standing AS s ON s.endpoint = e.id"  # noqa: S608 - of our own words alone
    " WHERE e.id ONE_OF(:endpoints) ORDER BY e.id",
    row=Standing,
    locks="FOR UPDATE OF s",
)


async def first_due(session: Session, *, now: datetime, without: Collection[str] = ()) -> str | None:
    """The endpoint that is next to be sent something, without these; None: none is. Locks nothing."""
    found = await _FIRST_DUE.run(session, {"now": now, "without": list(without), "only": ""})
    return found[0].endpoint if found else None


async def next_due(session: Session, *, now: datetime) -> datetime | None:
    """When the next delivery will be due that is not yet; None: none will."""
    (row,) = await _NEXT_DUE.run(session, {"now": now})
    return row.at


async def lock_candidates(
    session: Session, *, now: datetime, most: int, without: Collection[str] = (), only: str = ""
) -> list[Standing]:
    """Endpoints with something due, whoever was served the longest ago first; passing over what others hold.

    `without` these; `only`: this one and no other.
    """
    values = {"now": now, "most": most, "without": list(without), "only": only}
    return await _CANDIDATES.run(session, values)


async def lock_standings(session: Session, endpoints: Collection[str]) -> dict[str, Standing]:
    """How these endpoints fare; nobody claims or settles anything of them until this transaction ends."""
    return {row.endpoint: row for row in await _STANDINGS.run(session, {"endpoints": sorted(endpoints)})}


async def keep_standings(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Keep columns of standings that are locked: each row has `endpoint` and the same columns as the others."""
    if rows:
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        await update_rows(session, EndpointStanding, columns, by={"endpoint": columns.pop("endpoint")})


def health_columns(health: Health) -> dict[str, Any]:
    """A condition as columns of a standing."""
    return {name: getattr(health, name) for name in _OF_HEALTH} | {"state": health.state.value}
