"""http to https, where a trusted proxy says that a request came to it without.

Only its word counts. This process itself always speaks plain http, with or without a proxy that ends TLS in front: to
send everything on that arrives here so would be a circle wherever that proxy is not declared.
"""

from http import HTTPStatus
from urllib.parse import quote

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from service.gate.middleware import QUIET, is_plain
from service.settings import Settings


def sends_on(settings: Settings) -> bool:
    """Whether this service knows that it is reached by https, and who can tell it that somebody did not."""
    return settings.public_url.startswith("https:") and bool(settings.trusted_proxies)


class ToHttps:
    """Sends everything to https for good, but what machines of the house ask: they do not come through the proxy.

    301 to whoever reads, as even old programs know it; 308 otherwise, so that no other program turns a POST into a GET.
    """

    def __init__(self, app: ASGIApp, *, public_url: str) -> None:
        self.app = app
        self._public_url = public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on, one request."""
        if scope["type"] != "http" or scope["path"] in QUIET or not is_plain(scope):
            await self.app(scope, receive, send)
            return
        status = HTTPStatus.MOVED_PERMANENTLY if scope["method"] in ("GET", "HEAD") else HTTPStatus.PERMANENT_REDIRECT
        there = address_of(self._public_url, scope["path"], scope["query_string"])
        answer = RedirectResponse(there, status, {"Cache-Control": "private", "Vary": "X-Forwarded-Proto"})
        await answer(scope, receive, send)


def address_of(public_url: str, path: str, query: bytes) -> str:
    """Where a path and its query stand by https. No name of a host enters from outside."""
    asked = query.decode("latin-1")
    return public_url + quote(path) + (f"?{asked}" if asked else "")
