"""How endpoints and their standings are found and kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlmodel import col, select

from service.kit.database import Session
from service.kit.errors import NotFound
from service.kit.statements import Statement
from service.units.models import Jurisdiction
from service.webhooks.models import Endpoint, EndpointStanding

# A change of an endpoint and a new delivery for it (whose foreign key locks the endpoint's key) do not exclude each
# other: FOR NO KEY UPDATE.
LOCK = {"key_share": True}


@dataclass(frozen=True, slots=True)
class EndpointFilter:
    """Which endpoints: every field that is given must match. `within`: jurisdictions, None for all."""

    within: frozenset[str] | None = None
    state: str | None = None
    retired: bool = False


async def get(session: Session, endpoint_id: str, *, within: Collection[str] | None) -> Endpoint:
    """One endpoint, retired or not; of these jurisdictions, or of any (None). Raises NotFound."""
    return _seen(await session.get(Endpoint, endpoint_id), endpoint_id, within)


async def get_locked(session: Session, endpoint_id: str, *, within: Collection[str] | None) -> Endpoint:
    """One endpoint that nobody else can change until this transaction ends. Raises NotFound."""
    row = await session.get(Endpoint, endpoint_id, with_for_update=LOCK, populate_existing=True)
    return _seen(row, endpoint_id, within)


def _seen(row: Endpoint | None, endpoint_id: str, within: Collection[str] | None) -> Endpoint:
    if row is None or (within is not None and row.jurisdiction not in within):
        raise NotFound(f"There is no endpoint '{endpoint_id}'.")
    return row


async def list_endpoints(
    session: Session, *, where: EndpointFilter, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Endpoint]:
    """Endpoints in order of creation, those after (created_at, id) first."""
    query = select(Endpoint).order_by(col(Endpoint.created_at), col(Endpoint.id)).limit(limit)
    if not where.retired:
        query = query.where(col(Endpoint.retired_at).is_(None))
    if where.within is not None:
        query = query.where(col(Endpoint.jurisdiction).in_(where.within))
    if where.state is not None:
        query = query.join(EndpointStanding, col(EndpointStanding.endpoint) == col(Endpoint.id))
        query = query.where(EndpointStanding.state == where.state)
    if after is not None:
        at, endpoint_id = after
        later = col(Endpoint.created_at) > at
        query = query.where(later | ((col(Endpoint.created_at) == at) & (col(Endpoint.id) > endpoint_id)))
    return (await session.exec(query)).all()


async def by_id(session: Session, ids: Collection[str]) -> Sequence[Endpoint]:
    """These endpoints as they are now, retired ones too."""
    query = select(Endpoint).where(col(Endpoint.id).in_(ids)).execution_options(populate_existing=True)
    return (await session.exec(query)).all()


async def in_use(session: Session) -> Sequence[Endpoint]:
    """Every endpoint that is not retired, as it is now."""
    query = select(Endpoint).where(col(Endpoint.retired_at).is_(None)).order_by(col(Endpoint.id))
    return (await session.exec(query.execution_options(populate_existing=True))).all()


class _Revisions(NamedTuple):
    endpoints: int
    jurisdictions: int


_REVISIONS = Statement(
    "SELECT (SELECT coalesce(sum(revision), 0) FROM endpoint), (SELECT coalesce(sum(revision), 0) FROM jurisdiction)",
    row=_Revisions,
)


async def revisions(session: Session) -> tuple[int, int]:
    """Two numbers, of endpoints and of jurisdictions, one of which rises with every change of either.

    Rows are never deleted, and each begins with revision 1 and rises with every change.
    """
    ((endpoints, jurisdictions),) = await _REVISIONS.run(session, {})
    return endpoints, jurisdictions


async def parents(session: Session) -> dict[str, str | None]:
    """Every jurisdiction → the one above it."""
    rows = await session.exec(select(Jurisdiction.code, Jurisdiction.parent))
    return {code: parent for code, parent in rows}  # noqa: C416  # rows are no pairs to mypy


async def standings(session: Session, ids: Collection[str]) -> dict[str, EndpointStanding]:
    """Endpoint → how it fares."""
    query = select(EndpointStanding).where(col(EndpointStanding.endpoint).in_(ids))
    rows = await session.exec(query.execution_options(populate_existing=True))
    return {row.endpoint: row for row in rows}


async def standing_locked(session: Session, endpoint_id: str) -> EndpointStanding:
    """How an endpoint fares; nobody claims or settles anything of it until this transaction ends. Raises NotFound."""
    row = await session.get(EndpointStanding, endpoint_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"There is no endpoint '{endpoint_id}'.")
    return row
