"""For operators: is it alive, can it work, what has it done."""

from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Request, Response

from service.api.shapes import Shape
from service.gate.measuring import refresh
from service.gate.routing import PROBLEM
from service.gate.state import gate_of
from service.kit.errors import Unavailable
from service.kit.schema import is_current

router = APIRouter(tags=["operations"])


class Health(Shape):
    """The process answers."""

    status: Literal["ok"] = "ok"
    version: str


@router.get("/healthz")
async def is_alive(request: Request) -> Health:
    """200 as long as the process answers, whatever the database does."""
    return Health(version=request.app.version)


class Readiness(Health):
    """The process can do its work. `last_tick_age_s`: where it fires, how long ago it last looked for what is due."""

    last_tick_age_s: float | None = None


@router.get("/readyz", responses=PROBLEM)
async def is_ready(request: Request) -> Readiness:
    """200 when requests can be served: the database answers, its schema is this version's, and where the process fires,
    it looked for what is due within the last 30 seconds. Else 503.
    """
    gate = gate_of(request)
    if not await is_current(gate.database):
        raise Unavailable("The database's schema is not that of this version.")
    if gate.pulse is None:
        return Readiness(version=request.app.version)
    if gate.pulse.is_faint:
        raise Unavailable(f"Nothing has looked for what is due for {gate.pulse.age:.0f} seconds.")
    return Readiness(version=request.app.version, last_tick_age_s=round(gate.pulse.age, 3))


@router.get("/metrics", response_class=Response, responses={HTTPStatus.OK: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """What this process has counted and what stands in the database, for Prometheus."""
    gate = gate_of(request)
    await refresh(gate)
    counted = gate.metrics
    return Response(counted.page(), media_type=counted.content_type)
