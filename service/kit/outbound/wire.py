"""What talks: httpx's transport interface on aiohttp's connections, held to the one address that was checked.

httpx's transport and not its client: the client would keep cookies from one receiver for the next, write every full
address into the log, and take half of the time (`tests/benchmarks/outbound.py`). The name in a URL is replaced by the
checked address before it comes here, so nothing here looks up a name, and a kept connection can only be one to that same
address, for that same name. What is left to guard against is our own mistakes: the connector compares once more, where
the socket is made.
"""

import asyncio
import socket
import ssl
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from httpx_aiohttp import AiohttpTransport
from yarl import URL

from service.kit.outbound.address import Address
from service.kit.outbound.errors import BadAnswer, Refused

MAX_HEADER = 8 * 1024  # bytes, of one header and of the status line
MAX_HEADERS = 100
MAX_INTERIM = 8  # answers 1xx before the real one
BUFFER = 16 * 1024  # bytes read ahead


@dataclass(slots=True)
class Attempt:
    """One attempt, where it may go, and how far it has come."""

    address: Address | None = None
    exact: URL | None = None  # with the path and query to send as they stand
    connection: asyncio.Transport | None = None
    is_fresh: bool = False  # the connection was made for this attempt
    status: int | None = None
    is_whole: bool = False  # the answer was read to its end, and the connection left to the next attempt

    def turn_to(self, address: Address, exact: URL) -> None:
        """Try this checked address next."""
        self.address, self.exact, self.connection, self.is_fresh = address, exact, None, False

    def abort(self) -> None:
        """Cut the connection: closing it in order would first wait for a receiver that does not read."""
        if self.connection is not None:
            self.connection.abort()


ATTEMPT: ContextVar[Attempt] = ContextVar("outbound_attempt")


class Connector(aiohttp.TCPConnector):
    """Connects to the attempt's address alone, and tells the attempt over what."""

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # the library's signature
    ) -> Connection:
        """A connection, kept or new. Raises Refused where the request goes anywhere but to the checked address."""
        attempt = ATTEMPT.get()
        _compare(req.url.host, attempt.address)
        connection = await super().connect(req, traces, timeout)
        attempt.connection = connection.transport
        return connection


def _compare(host: object, address: Address | None) -> None:
    if address is None or host != str(address):
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


class _Response(aiohttp.ClientResponse):
    """An answer that comes after a few interim ones at most (RFC 9110, section 15.2)."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        protocol = connection.protocol
        assert protocol is not None
        read, seen = protocol.read, 0

        async def counted() -> Any:
            nonlocal seen
            seen += 1
            if seen > MAX_INTERIM:
                raise BadAnswer("The receiver sent interim answers (1xx) without end.")
            return await read()

        protocol.read = counted  # type: ignore[method-assign]  # the loop over interim answers has no limit of its own
        try:
            return await super().start(connection)
        finally:
            del protocol.read


async def _as_written(request: ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    # The library tidies percent-encodings up; what is sent is to be, to the letter, what was stored.
    exact = ATTEMPT.get().exact
    if exact is not None:
        request.url = exact
    return await send(request)


def open_transport(*, tls: ssl.SSLContext, connections: int, keepalive_s: float) -> httpx.AsyncBaseTransport:
    """The transport, for the running loop: HTTP/1.1, no proxies, no cookies, no decompression, no redirects."""
    connector = Connector(
        ssl=tls,
        resolver=_NoNames(),
        use_dns_cache=False,
        limit=connections,
        keepalive_timeout=keepalive_s,
        happy_eyeballs_delay=None,
        socket_factory=_socket,
    )
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        trust_env=False,
        auto_decompress=False,
        read_bufsize=BUFFER,
        max_line_size=MAX_HEADER,
        max_field_size=MAX_HEADER,
        max_headers=MAX_HEADERS,
        response_class=_Response,
        middlewares=(_as_written,),
    )
    return AiohttpTransport(client=session, verify=tls, trust_env=False)


def open_tls() -> ssl.SSLContext:
    """One TLS context for everything: the system's authorities, names checked, TLS 1.2 or later."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
