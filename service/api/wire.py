"""Polls answered where their bytes arrive.

What a server does around an application (a scope, a task, two messages whose headers are checked again) costs several
times what a prepared answer does, so it is done for everything else.
"""

import asyncio
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from service.api.calendar import Calendars
from service.feeds.cache import Prepared
from service.feeds.rules.subjects import ROOT

CALENDARS = "calendars"  # under this name the application's state has them

_ROOT = ROOT.encode()


class PolledFirst(HttpToolsProtocol):
    """uvicorn's protocol, which first looks whether the answer lies ready.

    Only a plain GET of a feed's address over HTTP/1.1 that keeps its connection is answered here, and only when nothing
    else is under way on it; whatever differs in any way goes the usual way and gets the same answer there.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._calendars: Calendars | None = app_state.get(CALENDARS)
        self._prepared: Prepared | None = None

    def on_headers_complete(self) -> None:
        """Look whether the answer lies ready."""
        self._prepared = self._ready() if self.url.startswith(_ROOT) else None
        if self._prepared is None:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A GET may bring a body, which means nothing (RFC 9110, 9.3.1)."""
        if self._prepared is None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Send what lies ready, now that the whole request is there."""
        prepared, self._prepared = self._prepared, None
        if prepared is None:
            super().on_message_complete()
            return
        head = [prepared.status_line]
        for name, value in self.server_state.default_headers:
            head += name, b": ", value, b"\r\n"
        head.append(prepared.lines)
        self.transport.write(b"".join(head))
        if body := prepared.body["body"]:
            self.transport.write(body)
        self.on_response_complete()

    def _ready(self) -> Prepared | None:
        parser, url = self.parser, self.url
        if (
            self._calendars is None
            or parser.get_method() != b"GET"
            or parser.get_http_version() != "1.1"
            or not parser.should_keep_alive()
            or parser.should_upgrade()
            or self.expect_100_continue
            or self.flow.write_paused  # the client is slow to read: then sending has to wait for it
            or not getattr(self.cycle, "response_complete", True)  # answers have the order of their requests
            or b"%" in url
            or not url.isascii()
        ):
            return None
        path, _, query = url.partition(b"?")
        return self._calendars.ready("GET", path.decode("ascii"), query, self.headers)
