"""Who is asking, and may they?"""

import asyncio
import dataclasses
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service.access import actions, rules
from service.gate.request import request_id_of
from service.gate.state import Gate, gate_of
from service.gate.throttle import LONGEST_WAIT_S
from service.gate.transaction import Now
from service.kit.actor import PUBLIC, Actor
from service.kit.errors import Throttled, Unknown

_bearer = HTTPBearer(auto_error=False, scheme_name="key", description="An API key: `mpk_…`")


async def caller(
    request: Request, now: Now, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Actor:
    """Whoever the request comes from; without any Authorization header: anybody. Raises Unknown, Throttled."""
    request_id = request_id_of(request.scope)
    if "authorization" not in request.headers:
        return dataclasses.replace(PUBLIC, request_id=request_id)
    gate = gate_of(request)
    secret = credentials.credentials if credentials is not None else ""
    try:
        async with gate.database.read() as session:
            actor, key = await actions.authenticate(session, secret=secret, request_id=request_id, now=now)
    except Unknown:
        await _slow_down(gate, request, now)
        raise
    if rules.use_is_worth_noting(key.last_used_at, now=now):
        gate.afterwards.start(f"note use of {key.id}", _note_use(gate, key.id, now))
    return actor


async def _slow_down(gate: Gate, request: Request, now: datetime) -> None:
    """Let an address that fails often wait for its answer; when too many wait already, tell it to come back later."""
    address = request.client.host if request.client else ""
    if wait := gate.throttle.fail(address, now=now):
        if not gate.throttle.may_wait():
            raise Throttled(retry_after=wait) from None
        with gate.throttle.waiting():
            await asyncio.sleep(min(wait, LONGEST_WAIT_S))


async def _note_use(gate: Gate, key_id: str, now: datetime) -> None:
    # Its own small transaction, after the answer: no request waits for it, and no reader is held up by it.
    async with gate.database.write() as session:
        await actions.note_use(session, key_id=key_id, now=now)


Caller = Annotated[Actor, Depends(caller)]


async def reader(request: Request, actor: Caller) -> Actor:
    """Who may read: a key, or anybody where public reading is on (they see public plans only). Raises Unknown."""
    if actor.kind == "public" and not gate_of(request).settings.public_read:
        raise Unknown
    return actor


async def holder(actor: Caller) -> Actor:
    """Whoever shows a valid key, whatever its scopes; the action asks for the scope that it needs. Raises Unknown."""
    if actor.kind == "public":
        raise Unknown
    return actor


async def editor(actor: Annotated[Actor, Depends(holder)]) -> Actor:
    """Who may change things. Raises Unknown, Denied."""
    rules.require_scope(actor, "edit")
    return actor


async def admin(actor: Annotated[Actor, Depends(holder)]) -> Actor:
    """Who may see and do everything. Raises Unknown, Denied."""
    rules.require_scope(actor, "admin")
    return actor


Reader = Annotated[Actor, Depends(reader)]
Holder = Annotated[Actor, Depends(holder)]
Editor = Annotated[Actor, Depends(editor)]
Admin = Annotated[Actor, Depends(admin)]
