"""For operators: is it alive, can it work, what has it done."""

from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Request, Response

from service.api.shapes import Shape
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


@router.get("/readyz", responses=PROBLEM)
async def is_ready(request: Request) -> Health:
    """200 when requests can be served: the database answers, and its schema is this version's. Else 503."""
    if not await is_current(gate_of(request).database):
        raise Unavailable("The database's schema is not that of this version.")
    return Health(version=request.app.version)


@router.get("/metrics", response_class=Response, responses={HTTPStatus.OK: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """What this process has counted, for Prometheus."""
    counted = gate_of(request).metrics
    return Response(counted.page(), media_type=counted.content_type)
