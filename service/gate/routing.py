"""How a resource of the JSON door is set up."""

from typing import Any

from fastapi import APIRouter
from starlette.convertors import StringConvertor, register_url_convertor

from service.gate.idempotency import DoorRoute
from service.gate.problems import MEDIA_TYPE

API = "/api/v1"


class NameConvertor(StringConvertor):
    """A part of an address that ends before a verb: `/feeds/{id:name}` does not take `/feeds/x:rotate` for its own."""

    regex = "[^/:]+"


register_url_convertor("name", NameConvertor())

# One entry stands for all errors of an operation; `service.app` adds the schema that it names.
PROBLEM: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem (RFC 9457)",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


def resource(path: str, *, tag: str) -> APIRouter:
    """A router for one resource: `resource("/units", tag="units")` answers below `/api/v1/units`."""
    return APIRouter(prefix=API + path, tags=[tag], route_class=DoorRoute, responses=PROBLEM)
