"""Every error as a problem document (RFC 9457). The one table of which domain word gets which status stands here."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, cast

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request

from service.gate.conditional import NotModified
from service.gate.request import request_id_of
from service.kit import errors
from service.kit.errors import Fault, MilepostError

_log = structlog.stdlib.get_logger("milepost")

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[MilepostError], HTTPStatus] = {
    errors.Unknown: HTTPStatus.UNAUTHORIZED,
    errors.Denied: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Stale: HTTPStatus.PRECONDITION_FAILED,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Unguarded: HTTPStatus.PRECONDITION_REQUIRED,
    errors.Throttled: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    MilepostError: HTTPStatus.INTERNAL_SERVER_ERROR,
}

_TITLES = {
    413: "Too large",
    422: "Cannot be accepted",
    428: "Which version?",
    500: "Something went wrong here",
}


def problem(
    status: int,
    *,
    kind: str,
    detail: str,
    request_id: str,
    faults: Sequence[Fault] = (),
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """A problem document. `kind` is the last word of its type, such as `not-found`."""
    content: dict[str, Any] = {
        "type": f"urn:milepost:problem:{kind}",
        "title": _TITLES.get(status, HTTPStatus(status).phrase.capitalize()),
        "status": status,
        "detail": detail,
        "request_id": request_id,
    }
    if faults:
        content["errors"] = [_told(fault) for fault in faults]
    return JSONResponse(content, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def _told(fault: Fault) -> dict[str, Any]:
    told: dict[str, Any] = {"path": fault.path, "message": fault.message}
    if fault.line:
        told |= {"file": fault.file, "line": fault.line, "column": fault.column}
    return told


def install(app: FastAPI) -> None:
    """Let every error of this application be answered as a problem."""
    app.add_exception_handler(MilepostError, _domain)
    app.add_exception_handler(NotModified, _not_modified)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _http)


def status_of(error: MilepostError) -> HTTPStatus:
    """The status that a domain word is answered with."""
    return STATUS[next(each for each in type(error).__mro__ if each in STATUS)]


async def _domain(request: Request, error: Exception) -> Response:
    error = cast(MilepostError, error)
    request_id = request_id_of(request.scope)
    status = status_of(error)
    headers = {}
    if isinstance(error, errors.Unknown):
        headers["WWW-Authenticate"] = 'Bearer realm="milepost"'
    if isinstance(error, errors.Throttled):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.Unavailable):
        headers["Retry-After"] = "5"
        _log.warning("unavailable", reason=str(error.__cause__ or error))
    return problem(
        status,
        kind=_kind(type(error)),
        detail=error.message,
        request_id=request_id,
        faults=error.faults,
        headers=headers,
    )


def _kind(word: type[Exception]) -> str:
    """NotFound → not-found."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", word.__name__).lower()


# The framework raises statuses; the same status has the same word, whoever raised it.
_KINDS = {int(status): _kind(word) for word, status in STATUS.items() if word is not MilepostError}


async def _not_modified(_request: Request, error: Exception) -> Response:
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": cast(NotModified, error).tag})


async def _unreadable(request: Request, error: Exception) -> Response:
    faults = [_fault(each) for each in cast(RequestValidationError, error).errors()]
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        kind="invalid",
        detail="; ".join(str(fault) for fault in faults[:5]),
        request_id=request_id_of(request.scope),
        faults=faults,
    )


def _fault(found: dict[str, Any]) -> Fault:
    place, *path = found["loc"]
    if found["type"] == "json_invalid":
        return Fault("", f"the body is not JSON: {found['ctx']['error']} at character {path[0]}")
    # A field of the body is named by its path alone, anything else by where it stands too.
    words = [str(part) for part in path]
    message = str(found["msg"]).removeprefix("Value error, ")
    if place == "body":
        return Fault(".".join(words), message)
    return Fault(".".join(words), f"{message} (in the {place})")


async def _http(request: Request, error: Exception) -> Response:
    error = cast(HTTPException, error)
    headers = dict(error.headers or {})
    detail = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = "There is nothing at this address."
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_allowed(request))
        detail = f"This address takes {headers['Allow']}."
    return problem(
        error.status_code,
        kind=_KINDS.get(error.status_code) or HTTPStatus(error.status_code).phrase.lower().replace(" ", "-"),
        detail=detail,
        request_id=request_id_of(request.scope),
        headers=headers,
    )


def _allowed(request: Request) -> list[str]:
    # The framework names the methods of the first route that fits; one address often has several.
    path = request.scope["path"]
    routes = [each for each in iter_route_contexts(request.app.routes) if getattr(each, "path_regex", None)]
    return sorted({method for each in routes if each.path_regex.match(path) for method in each.methods or ()})


def unexpected(request_id: str) -> JSONResponse:
    """The answer to what nobody foresaw: which request it was, and nothing of what is inside."""
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        kind="unexpected",
        detail="The service made a mistake; its log has the details under this request's id.",
        request_id=request_id,
    )
