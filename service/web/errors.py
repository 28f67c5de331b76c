"""Errors as pages, for people in front of a browser; everybody else goes on getting problem documents."""

import json
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from service.gate.problems import MEDIA_TYPE
from service.gate.state import gate_of
from service.kit.errors import MilepostError
from service.reports.actions.board import Viewer
from service.web.language import Speech, language_of
from service.web.pages import render

Handler = Callable[[Request, Exception], Awaitable[Response]]

# Programs ask here, whatever they say that they accept.
_OF_PROGRAMS = re.compile(r"/(api|calendars)(/|$)")
_HTML = re.compile(r"(^|,)\s*text/html\s*(;(?!\s*q=0(\.0*)?\s*(,|$))|,|$)", re.IGNORECASE)
_NOT_COPIED = frozenset({"content-type", "content-length"})


def install(app: FastAPI) -> None:
    """Let browsers see errors as pages. The problems of the gate must be installed before."""
    for word in (MilepostError, RequestValidationError, HTTPException):
        app.add_exception_handler(word, _for_browsers(cast(Handler, app.exception_handlers[word])))


def _for_browsers(answer: Handler) -> Handler:
    async def answer_or_page(request: Request, error: Exception) -> Response:
        response = await answer(request, error)
        if response.media_type != MEDIA_TYPE or not wants_page(request):
            return response
        return _page(request, response)

    return answer_or_page


def wants_page(request: Request) -> bool:
    """Whether this is a browser that asks for a page: it names HTML, and the address is none for programs."""
    if _OF_PROGRAMS.match(request.url.path):
        return False
    return _HTML.search(request.headers.get("accept", "")) is not None


def _page(request: Request, problem: Response) -> Response:
    gate = gate_of(request)
    viewer = Viewer(now=gate.clock.now(), zone=gate.settings.timezone, public_only=True)
    told = json.loads(bytes(problem.body))
    return render(
        request,
        "error.html",
        {"status": told["status"], "detail": told["detail"], "request_id": told["request_id"]},
        speech=Speech(language_of(request), viewer.today()),
        status=HTTPStatus(problem.status_code),
        headers={name: value for name, value in problem.headers.items() if name not in _NOT_COPIED},
    )
