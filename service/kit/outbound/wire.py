"""What talks: httpx's transport interface on aiohttp's connections, held to the one address that was checked.

httpx's transport and not its client: the client would keep cookies from one receiver for the next, write every full
address into the log, and take half of the time (`tests/benchmarks/outbound.py`). The name in a URL is replaced by the
checked address before it comes here, so nothing here looks up a name, and a kept connection can only be one to that
same address, for that same name. What is left to guard against is our own mistakes: the connector compares once more,
where the socket is made.
"""

import asyncio
import functools
import socket
import ssl
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from httpx_aiohttp import AiohttpTransport
from yarl import URL

from service.kit.failpoints import failpoint
from service.kit.outbound.errors import Refused

MAX_HEADER = 8 * 1024  # bytes, of one header and of the status line
MAX_HEADERS = 100
MAX_WIRE = 256 * 1024  # bytes of one answer with everything around its body: interim answers, headers, framing
BUFFER = 16 * 1024  # bytes read ahead


@dataclass(slots=True)
class Attempt:
    """One attempt, where it may go, and how far it has come."""

    address: str = ""
    exact: URL | None = None  # at that address, with the path and query to send as they stand
    is_connected: bool = False
    is_fresh: bool = False  # the connection was made for this attempt
    status: int | None = None
    is_flooded: bool = False  # more came than any answer needs

    def turn_to(self, address: str, exact: URL) -> None:
        """Try this checked address next."""
        self.address, self.exact, self.is_connected, self.is_fresh = address, exact, False, False


ATTEMPT: ContextVar[Attempt] = ContextVar("outbound_attempt")


class _Handler(ResponseHandler):
    """Reads answers, each up to a bound, and never waits for a receiver in order to be rid of it.

    What is kept of a body is bounded elsewhere; but chunk extensions, say, are read and thrown away without end, at the
    price of the whole event loop. What comes in one piece may be beyond the bound (a body that is cut off anyway).
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.attempt = Attempt()
        self.received = 0

    def turn_to(self, attempt: Attempt) -> None:
        """The next answer belongs to this attempt."""
        self.attempt, self.received = attempt, 0

    def data_received(self, piece: bytes) -> None:
        """Count, then read."""
        if self.received <= MAX_WIRE:
            self.received += len(piece)
            super().data_received(piece)
        elif self.transport is not None:
            self.attempt.is_flooded = True
            self.transport.abort()

    @property
    def should_close(self) -> bool:
        """Whether it is of no more use: also when part of a request is unsent, which the next would wait behind."""
        transport = self.transport
        return super().should_close or (transport is not None and transport.get_write_buffer_size() > 0)

    def close(self) -> None:
        """Cut it off. An orderly end waits until the receiver has read everything, and for its farewell in TLS."""
        self.abort()


def _new_handler(loop: asyncio.AbstractEventLoop) -> ResponseHandler:
    return _Handler(loop)


class Connector(aiohttp.TCPConnector):
    """Connects to the attempt's address alone, and tells the attempt over what."""

    def __init__(self, *, tls: ssl.SSLContext, connections: int, keepalive_s: float) -> None:
        super().__init__(
            ssl=tls,
            resolver=_NoNames(),
            use_dns_cache=False,
            limit=connections,
            keepalive_timeout=keepalive_s,
            happy_eyeballs_delay=None,
            socket_factory=_socket,
        )
        self._factory = functools.partial(_new_handler, asyncio.get_running_loop())

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # the library's signature
    ) -> Connection:
        """A connection, kept or new. Raises Refused where the request goes anywhere but to the checked address."""
        attempt = ATTEMPT.get()
        _compare(req.url.host, attempt.address)
        while True:
            connection = await super().connect(req, traces, timeout)
            assert isinstance(connection.protocol, _Handler)
            if attempt.is_fresh or not connection.protocol.should_close:
                connection.protocol.turn_to(attempt)
                attempt.is_connected = True
                failpoint("deliver.connected")
                return connection
            connection.close()  # kept, and spoken over since: what was said would pass for the answer to this request


def _compare(host: object, address: str) -> None:
    if not address or host != address:
        raise Refused("The connection would go to another address than the one that was checked.")


def _socket(wanted: Any) -> socket.socket:
    family, kind, protocol, _, where = wanted
    attempt = ATTEMPT.get()
    _compare(where[0], attempt.address)
    attempt.is_fresh = True
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)  # noqa: FBT003  # the standard library has no keyword for it
    return made


class _NoNames(AbstractResolver):
    """Names were looked up and checked before; here comes none."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        raise Refused("A name came where only checked addresses do.")

    async def close(self) -> None:
        """Nothing to close."""


async def _as_written(request: ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    # The library tidies percent-encodings up; what is sent is to be, to the letter, what was stored.
    exact = ATTEMPT.get().exact
    if exact is not None:
        request.url = exact
    return await send(request)


def open_transport(*, tls: ssl.SSLContext, connections: int, keepalive_s: float) -> httpx.AsyncBaseTransport:
    """The transport, for the running loop: HTTP/1.1, no proxies, no cookies, no decompression, no redirects."""
    session = aiohttp.ClientSession(
        connector=Connector(tls=tls, connections=connections, keepalive_s=keepalive_s),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        trust_env=False,
        auto_decompress=False,
        read_bufsize=BUFFER,
        max_line_size=MAX_HEADER,
        max_field_size=MAX_HEADER,
        max_headers=MAX_HEADERS,
        middlewares=(_as_written,),
    )
    return AiohttpTransport(client=session, verify=tls, trust_env=False)


def open_tls() -> ssl.SSLContext:
    """One TLS context for everything: the system's authorities, names checked, TLS 1.2 or later."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
