"""`/endpoints`: where webhooks go."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from service.api.endpoint_shapes import (
    EndpointChanges,
    EndpointShape,
    NewEndpointRequest,
    NewEndpointShape,
    Rotation,
    SentShape,
    StandingShape,
    shape,
)
from service.api.fields import PathId
from service.api.registry import changes_of
from service.api.shapes import ANY_LIMIT, Cursor, Limit, Page
from service.gate.conditional import Guarded, etag
from service.gate.guard import Admin
from service.gate.idempotency import Creating, Key, is_repeated
from service.gate.routing import API, resource
from service.gate.state import gate_of
from service.gate.transaction import Now, Reading, Writing
from service.gate.vetting import shake_hands, vetted
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Conflict
from service.kit.paging import cut, decode_instant_cursor
from service.webhooks.actions import enrolling, reviving
from service.webhooks.actions.bounds import within
from service.webhooks.actions.enrolling import Address, Setting
from service.webhooks.models import Endpoint
from service.webhooks.rules.health import State
from service.webhooks.store import endpoints as store

router = resource("/endpoints", tag="endpoints")

_NULLABLE = {"per_minute", "robot_secret"}


@dataclass(frozen=True, slots=True)
class Wished:
    """An endpoint that somebody wants, its address vetted. `address` None: this was answered before, and is again."""

    request: NewEndpointRequest
    address: Address | None
    per_minute: int | None


@dataclass(frozen=True, slots=True)
class Changed:
    """What somebody wants to change, a new address vetted."""

    sent: dict[str, Any]
    address: Address | None


# Both ask the network, so both stand before the session in a route's parameters: they are done when it is opened.


async def wish(request: Request, actor: Admin, wanted: NewEndpointRequest, key: Key = None) -> Wished:
    """Vet what is wanted, in the network too. Raises Invalid."""
    if await is_repeated(request, actor, key):
        return Wished(wanted, None, None)
    enrolling.check_new(wanted.asked(), headers=wanted.headers)
    gate, per_minute = gate_of(request), wanted.per_minute
    address = await vetted(gate, wanted.url)
    if wanted.handshake:
        per_minute = await shake_hands(gate, address, headers=wanted.headers, per_minute=per_minute)
    return Wished(wanted, address, per_minute)


async def alteration(request: Request, _actor: Admin, changes: EndpointChanges) -> Changed:
    """Vet a new address. Raises Invalid."""
    sent = changes_of(changes, nullable=_NULLABLE)
    url = sent.pop("url", None)
    return Changed(sent, await vetted(gate_of(request), url) if url is not None else None)


def setting(request: Request) -> Setting:
    """What actions of endpoints need to know of the service."""
    gate = gate_of(request)
    return Setting(gate.seals, gate.settings.timezone, gate.host_clock.now())


async def _locked(session: Session, actor: Actor, endpoint_id: str) -> Endpoint:
    return await store.get_locked(session, endpoint_id, within=await within(session, actor))


async def _shown(request: Request, session: Session, row: Endpoint) -> EndpointShape:
    standing = (await store.standings(session, [row.id]))[row.id]
    return shape(row, standing, seals=gate_of(request).seals)


@router.get("")
async def list_endpoints(
    request: Request,
    actor: Admin,
    session: Reading,
    state: Annotated[State | None, Query()] = None,
    retired: Annotated[bool, Query(description="Those out of use too.")] = False,
    limit: Limit = ANY_LIMIT,
    cursor: Cursor = None,
) -> Page[EndpointShape]:
    """Endpoints, the oldest first."""
    where = store.EndpointFilter(within=await within(session, actor), state=state, retired=retired)
    rows = await store.list_endpoints(session, where=where, after=decode_instant_cursor(cursor), limit=limit + 1)
    page = cut(rows, limit, lambda row: (row.created_at.isoformat(), row.id))
    standings = await store.standings(session, [row.id for row in page.items])
    seals = gate_of(request).seals
    return Page(items=[shape(row, standings[row.id], seals=seals) for row in page.items], next=page.next)


@router.post("", status_code=HTTPStatus.CREATED)
async def create_endpoint(
    wished: Annotated[Wished, Depends(wish)],
    actor: Admin,
    session: Creating,
    now: Now,
    request: Request,
    response: Response,
) -> NewEndpointShape:
    """A new endpoint. Its secret is in this answer and nowhere else."""
    if wished.address is None:
        raise Conflict("The answer to this Idempotency-Key has just been forgotten: take a new one.")
    wanted = wished.request
    made = await enrolling.create_endpoint(
        session,
        actor,
        address=wished.address,
        asked=wanted.asked(),
        headers=wanted.headers,
        values=wanted.columns() | {"per_minute": wished.per_minute},
        setting=setting(request),
        now=now,
    )
    response.headers["Location"] = f"{API}/endpoints/{made.row.id}"
    response.headers["ETag"] = etag(made.row.revision)
    told = await _shown(request, session, made.row)
    return NewEndpointShape(**told.model_dump(), secret=made.secret)


@router.get("/{endpoint_id:name}")
async def get_endpoint(
    endpoint_id: PathId, actor: Admin, session: Reading, request: Request, response: Response
) -> EndpointShape:
    """One endpoint and how it fares. Its ETag is that of what people change; how it fares moves without it."""
    row = await store.get(session, endpoint_id, within=await within(session, actor))
    response.headers["ETag"] = etag(row.revision)
    return await _shown(request, session, row)


@router.patch("/{endpoint_id:name}")
async def change_endpoint(
    endpoint_id: PathId,
    changed: Annotated[Changed, Depends(alteration)],
    actor: Admin,
    session: Writing,
    now: Now,
    version: Guarded,
    request: Request,
) -> EndpointShape:
    """Change an endpoint, pause it (`paused`), or take it up again."""
    row = await _locked(session, actor, endpoint_id)
    version.expects(row.revision)
    await enrolling.update_endpoint(
        session, actor, row, changes=changed.sent, address=changed.address, setting=setting(request), now=now
    )
    version.shows(row.revision)
    return await _shown(request, session, row)


@router.delete("/{endpoint_id:name}", status_code=HTTPStatus.NO_CONTENT)
async def retire_endpoint(
    endpoint_id: PathId, actor: Admin, session: Writing, now: Now, version: Guarded, request: Request
) -> None:
    """Take an endpoint out of use: what waits for it is cancelled. It stays for history."""
    row = await _locked(session, actor, endpoint_id)
    version.expects(row.revision)
    await enrolling.retire_endpoint(session, actor, row, setting=setting(request), now=now)


@router.post("/{endpoint_id:name}:rotate-secret")
async def rotate_secret(
    endpoint_id: PathId,
    actor: Admin,
    session: Creating,
    now: Now,
    request: Request,
    response: Response,
    wanted: Rotation | None = None,
) -> NewEndpointShape:
    """A new secret, shown this once. For 24 hours messages are signed with the one before as well."""
    row = await _locked(session, actor, endpoint_id)
    secret = wanted.secret if wanted else None
    made = await reviving.rotate_secret(session, actor, row, secret=secret, setting=setting(request), now=now)
    response.headers["ETag"] = etag(row.revision)
    told = await _shown(request, session, row)
    return NewEndpointShape(**told.model_dump(), secret=made.secret)


@router.post("/{endpoint_id:name}:test", status_code=HTTPStatus.ACCEPTED)
async def send_test(
    endpoint_id: PathId, actor: Admin, session: Creating, now: Now, request: Request, response: Response
) -> SentShape:
    """Send a test message. How it went is in the delivery."""
    row = await _locked(session, actor, endpoint_id)
    delivery = await reviving.send_test(session, actor, row, setting=setting(request), now=now)
    response.headers["Location"] = f"{API}/deliveries/{delivery.id}"
    return SentShape(delivery=delivery.id, event=delivery.event)


@router.post("/{endpoint_id:name}:enable")
async def enable_endpoint(
    endpoint_id: PathId, actor: Admin, session: Creating, now: Now, request: Request
) -> StandingShape:
    """Switch a disabled endpoint on again: what was kept for it goes out. Any other one stays as it is."""
    row = await _locked(session, actor, endpoint_id)
    standing = await reviving.enable_endpoint(session, actor, row, setting=setting(request), now=now)
    return StandingShape.model_validate(standing)


@router.post("/{endpoint_id:name}:recover")
async def recover_endpoint(
    endpoint_id: PathId, actor: Admin, session: Creating, now: Now, request: Request
) -> StandingShape:
    """Say that an endpoint works again: its failures are forgotten, and what was held goes out, little by little."""
    row = await _locked(session, actor, endpoint_id)
    standing = await reviving.recover_endpoint(session, actor, row, setting=setting(request), now=now)
    return StandingShape.model_validate(standing)
