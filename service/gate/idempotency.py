"""Idempotency-Key: whoever is not sure that a creation went through sends it again, and it happens once.

The answer is kept in the transaction of the change itself, sealed, for 48 hours. A route takes part by asking for the
session `Creating` instead of `Writing`; its router must be made by `service.gate.routing.resource`.
"""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute

from service.access import actions
from service.access.store import claim_answer, get_answer
from service.gate.guard import Caller
from service.gate.state import Gate, gate_of
from service.gate.transaction import Now, change
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Conflict
from service.kit.seal import Unreadable

REPLAYED = "Idempotent-Replayed"
SWEPT_EVERY = timedelta(hours=1)
_CLAIM = "milepost.claim"
_KEPT_HEADERS = ("content-type", "location", "etag")


class Replay(Exception):
    """This creation has happened already; here is its answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class _Claim:
    session: Session
    actor: str
    key: str


Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Any text of your own that names this creation; sent again with the same key, it happens once.",
    ),
]


async def creating(request: Request, actor: Caller, now: Now, key: Key = None) -> AsyncIterator[Session]:
    """A session in which something is created, once for every Idempotency-Key. Raises Replay, Conflict."""
    gate = gate_of(request)
    async with change(gate.database, now=now, zone=gate.settings.timezone, hearers=gate.hearers) as session:
        if key is not None and actor.kind != "public":
            request.scope[_CLAIM] = await _claim(request, session, actor, key=key, now=now)
        yield session


Creating = Annotated[Session, Depends(creating, scope="function")]


async def is_repeated(request: Request, actor: Actor, key: str | None) -> bool:
    """Whether this creation has been answered before: then nothing that comes before it needs to be done again."""
    if key is None or actor.kind == "public":
        return False
    async with gate_of(request).database.read() as session:
        kept = await get_answer(session, actor=actor.key_id or str(actor), key=key)
    return kept is not None and kept.sealed is not None


async def _claim(request: Request, session: Session, actor: Actor, *, key: str, now: datetime) -> _Claim:
    gate = gate_of(request)
    who, fingerprint = actor.key_id or str(actor), await _fingerprint(request)
    try:
        first = await claim_answer(
            session, actor=who, key=key, fingerprint=fingerprint, now=now, wait_ms=gate.patience_ms
        )
    except TimeoutError:
        raise Conflict("The first request with this Idempotency-Key is still at work: ask again soon.") from None
    if not first:
        raise Replay(await _earlier_answer(gate, session, who=who, key=key, fingerprint=fingerprint))
    _sweep(gate, now)
    return _Claim(session, who, key)


async def _fingerprint(request: Request) -> str:
    told = hashlib.sha256()
    for part in (request.method, request.url.path, request.url.query):
        told.update(part.encode() + b"\n")
    told.update(await request.body())
    return told.hexdigest()


async def _earlier_answer(gate: Gate, session: Session, *, who: str, key: str, fingerprint: str) -> Response:
    kept = await get_answer(session, actor=who, key=key)
    if kept is None or kept.sealed is None:
        raise Conflict("The first request with this Idempotency-Key is still at work: ask again soon.")
    if kept.fingerprint != fingerprint:
        raise Conflict("This Idempotency-Key was used for another request: take a new one for each creation.")
    try:
        told = json.loads(gate.answers.open(kept.sealed))
    except Unreadable:
        raise Conflict("This was created before the service's secret changed; its answer cannot be repeated.") from None
    answer = Response(base64.b64decode(told["body"]), status_code=told["status"], headers=told["headers"])
    answer.headers[REPLAYED] = "true"
    return answer


def _sweep(gate: Gate, now: datetime) -> None:
    if gate.answers_swept_at is None or now - gate.answers_swept_at >= SWEPT_EVERY:
        gate.answers_swept_at = now
        gate.afterwards.start("forget old answers", _forget(gate, now))


async def _forget(gate: Gate, now: datetime) -> None:
    async with gate.database.write() as session:
        await actions.forget_answers(session, now=now)


class DoorRoute(APIRoute):
    """A route that keeps the answers of creations, and gives them again."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the framework's handler. It returns while the transaction is still open: the answer is kept in it."""
        inner = super().get_route_handler()

        async def keep_and_replay(request: Request) -> Response:
            try:
                answer = await inner(request)
            except Replay as replay:
                return replay.answer
            if (claim := request.scope.get(_CLAIM)) is not None:
                await _keep(gate_of(request), claim, answer)
            return answer

        return keep_and_replay


async def _keep(gate: Gate, claim: _Claim, answer: Response) -> None:
    told = {
        "status": answer.status_code,
        "headers": {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers},
        "body": base64.b64encode(bytes(answer.body)).decode(),
    }
    kept = await get_answer(claim.session, actor=claim.actor, key=claim.key)
    if kept is not None:
        kept.sealed = gate.answers.close(json.dumps(told).encode())
        await claim.session.flush()
