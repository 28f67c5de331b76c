"""What is known of a request before its route is."""

import re

from starlette.datastructures import Headers
from starlette.types import Scope

from service.kit.ids import new_id

_REQUEST_ID = "milepost.request_id"
_SANE_ID = re.compile(r"[A-Za-z0-9._:+/=-]{8,64}")


def give_id(scope: Scope) -> str:
    """Give a request its id: the client's `X-Request-ID`, if it is a sane one, else a new one."""
    offered = Headers(scope=scope).get("x-request-id", "")
    request_id = offered if _SANE_ID.fullmatch(offered) else new_id("req")
    scope[_REQUEST_ID] = request_id
    return request_id


def request_id_of(scope: Scope) -> str:
    """The id under which this request is logged and recorded."""
    return str(scope.get(_REQUEST_ID, ""))
