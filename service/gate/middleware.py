"""What happens to every request before and after its route. Plain ASGI: nothing here buffers, nothing here waits."""

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.gate import problems
from service.gate.metrics import Metrics
from service.gate.request import give_id, request_id_of
from service.kit.log import mask
from service.kit.stopwatch import stopwatch

_log = structlog.stdlib.get_logger("milepost")

BODY_LIMIT = 1024 * 1024
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})

# What a proxy in front says of a request that reached it without TLS.
PLAIN = (b"x-forwarded-proto", b"http")

STRICT = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


class RequestId:
    """Gives every request an id: the client's, if it is a sane one, else a new one. The answer and the log carry it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = give_id(scope)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self.app(scope, receive, send_with_id)


class Observed:
    """Counts every answer and writes one log line for it. Whatever was not foreseen becomes a 500 here."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seconds = stopwatch()
        status = 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except Exception:  # the last catch: logged whole here, answered without internals
            _log.exception("unexpected")
            if status:
                raise  # half an answer is out; cutting the connection is all that is left
            await problems.unexpected(request_id_of(scope))(scope, receive, send_and_note)
        finally:
            self._note(scope, status=status, seconds=seconds())

    def _note(self, scope: Scope, *, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        self.metrics.observe(route=route, method=_method(scope), status=status, seconds=seconds)
        client = scope.get("client")
        log = _log.debug if scope["path"] in QUIET else _log.info
        log(
            "request",
            method=scope["method"],
            path=mask(scope["path"]),
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 2),
            client=client[0] if client else None,
        )


def _method(scope: Scope) -> str:
    # Anybody may invent methods; a label for each would fill the memory.
    known = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT"}
    return scope["method"] if scope["method"] in known else "other"


class SafeHeaders:
    """Tells browsers to guess nothing, frame nothing and send no address on; a page may bring a policy of its own."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Referrer-Policy", "no-referrer")
                headers.setdefault("Content-Security-Policy", STRICT)
                headers.setdefault("Cache-Control", "no-store" if "authorization" in asked else "no-cache")
                if self.https and not is_plain(scope):  # over http it must not be said (RFC 6797, 7.2)
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        asked = Headers(scope=scope)
        await self.app(scope, receive, send_safely)


def is_plain(scope: Scope) -> bool:
    """Whether a request came without TLS, as the proxy in front says."""
    return scope["scheme"] == "http" and PLAIN in scope["headers"]


class Bounded:
    """Refuses what is too large before it is read whole, and addresses that no text of ours can contain."""

    def __init__(self, app: ASGIApp, *, larger: Mapping[str, int]) -> None:
        self.app = app
        self.larger = larger  # bytes, by path, for what takes more than `BODY_LIMIT`

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if _has_nul(scope):
            answer = problems.problem(
                HTTPStatus.BAD_REQUEST,
                kind="bad-request",
                detail="The address contains a NUL character.",
                request_id=request_id_of(scope),
            )
            await answer(scope, receive, send)
            return
        limit = self.larger.get(scope["path"], BODY_LIMIT)
        if _declared_length(scope) > limit:
            await _too_large(scope, limit)(scope, receive, send)
            return
        await self.app(scope, _counted(receive, limit), send)


def _has_nul(scope: Scope) -> bool:
    return "\x00" in scope["path"] or b"%00" in scope["query_string"]


def _declared_length(scope: Scope) -> int:
    text = Headers(scope=scope).get("content-length", "0")
    return int(text) if text.isascii() and text.isdigit() else 0


def _sentence(limit: int) -> str:
    return f"A body may have {limit // (1024 * 1024)} MiB here at most."


def _too_large(scope: Scope, limit: int) -> ASGIApp:
    # The body stays unread, so the connection cannot be used again.
    return problems.problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        kind="too-large",
        detail=_sentence(limit),
        request_id=request_id_of(scope),
        headers={"Connection": "close"},
    )


def _counted(receive: Receive, limit: int) -> Receive:
    """Bodies without a declared length are counted as they come, and cut off at the limit."""
    total = 0

    async def receive_counted() -> Message:
        nonlocal total
        message = await receive()
        if message["type"] == "http.request":
            total += len(message.get("body", b""))
            if total > limit:
                raise HTTPException(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _sentence(limit), headers={"Connection": "close"}
                )
        return message

    return receive_counted
