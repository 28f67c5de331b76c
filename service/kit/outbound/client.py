"""The one HTTP client of the service: an attempt in, an answer or a reason out, and never into a closed network."""

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx
import structlog

from service import __version__
from service.kit.outbound.address import Address, Network, plain, refusal
from service.kit.outbound.errors import OutboundError, Refused, TooSlow, Unreachable
from service.kit.outbound.exchange import BrokenOff, Lines, Received, exchange
from service.kit.outbound.headers import check_header
from service.kit.outbound.resolver import Resolver, SystemResolver
from service.kit.outbound.url import OutboundUrl, read_url
from service.kit.outbound.wire import ATTEMPT, Attempt, open_tls, open_transport
from service.kit.stopwatch import stopwatch

MAX_ADDRESSES = 4  # of one name that are tried in one attempt
MAX_SENT = 1024 * 1024  # bytes of a body; it is written in one piece
AGENT = f"Milepost/{__version__}"

_log = structlog.stdlib.get_logger("milepost")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: any status from 200 to 599, redirects among them, as they are never followed.

    `headers` have lower-case names, a repeated one joined with ", ", cookies left out. `body` is as it came, encodings
    and all, at most 16 KiB; `truncated` says that there was more. `address` is the one that answered.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool
    duration_ms: int
    address: str


class Outbound:
    """The client. One for the process, open as long as the process is: `async with Outbound(...) as outbound`."""

    def __init__(
        self,
        *,
        allow_networks: Iterable[Network] = (),
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        connections: int = 500,
        kept_per_host: int = 64,
        keepalive_s: float = 4.0,
    ) -> None:
        """`allow_networks` are opened although they are private. The rest is for tests and for tuning.

        `connections` are open at once; more attempts wait for one, within their deadline. A host under more than
        `kept_per_host` attempts at once is asked to close what is beyond. `keepalive_s` is less than most servers wait
        (5 s and up), so that few close a connection while we write into it.
        """
        self._allow = tuple(allow_networks)
        self._resolve: Resolver = resolver or SystemResolver()
        self._tls = tls or open_tls()
        if self._tls.verify_mode != ssl.CERT_REQUIRED or not self._tls.check_hostname:
            raise ValueError("A TLS context that checks no certificates or no names is none.")
        self._transport = transport
        self._connections, self._kept_per_host, self._keepalive_s = connections, kept_per_host, keepalive_s
        self._under_way: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        if self._transport is None:
            self._transport = open_transport(
                tls=self._tls, connections=self._connections, keepalive_s=self._keepalive_s
            )
        if self._allow:
            _log.info("outbound.networks_opened", networks=[str(network) for network in self._allow])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._transport is not None:
            await self._transport.aclose()

    async def check(self, url: str) -> OutboundUrl:
        """The URL, read, if something may be sent to it as things stand. Connects to nobody.

        Raises Refused (the URL is forbidden, or an address of its name is) and Unreachable (its name has none).
        """
        wanted = read_url(url)
        await self._addresses(wanted)
        return wanted

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, deadline_s: float
    ) -> Answer:
        """One attempt: all of it, from the look-up of the name to the last byte kept, within `deadline_s` seconds.

        1. Read the URL, check headers and body (1 MiB at most). 2. Look the name up; refuse if any of its addresses is
        closed. 3. Connect to the first of the checked addresses that takes it. 4. Send, and read the status and at most
        16 KiB.

        What is sent may arrive twice: where a kept connection turns out to be dead, it goes once more over a new one.
        Raises Refused, Unreachable, TooSlow, BadAnswer, each with `address` and `duration_ms`.
        """
        elapsed, attempt = stopwatch(), Attempt()
        token = ATTEMPT.set(attempt)
        try:
            async with asyncio.timeout(deadline_s) as deadline:
                wanted = read_url(url)
                lines = _lines(wanted, headers)
                if len(body) > MAX_SENT:
                    raise Refused(f"The body is longer than {MAX_SENT} bytes.")
                got = await self._try_each(wanted, deadline, method=method, headers=lines, body=body)
        except TimeoutError:
            raise _marked(_too_slow(attempt, deadline_s), attempt, elapsed()) from None
        except OutboundError as error:
            _marked(error, attempt, elapsed())
            raise
        finally:
            ATTEMPT.reset(token)
        return Answer(
            status=got.status,
            headers=got.headers,
            body=got.body,
            truncated=got.truncated,
            duration_ms=_milliseconds(elapsed()),
            address=attempt.address,
        )

    async def _addresses(self, url: OutboundUrl) -> tuple[Address, ...]:
        """Every address that the URL leads to, all of them open. Raises Refused if a single one is not."""
        found = (url.literal,) if url.literal else await self._resolve(url.host)
        if not found:
            raise Unreachable(f"The name {url.host} has no address.")
        addresses = tuple(dict.fromkeys(map(plain, found)))
        for address in addresses:
            if reason := refusal(address, self._allow):
                # The block and not the address: the reason is shown to whoever owns the endpoint, and what a name means
                # inside this network is none of their business.
                raise Refused(f"{url.host} leads to {reason}; nothing is sent there.")
        return addresses

    async def _try_each(
        self, url: OutboundUrl, deadline: asyncio.Timeout, *, method: str, headers: Lines, body: bytes
    ) -> Received:
        """Send to the first address that takes a connection; each has its share of what is left until the deadline."""
        addresses = (await self._addresses(url))[:MAX_ADDRESSES]
        with self._counted(url.authority) as beyond:
            lines = [*headers, ("Connection", "close")] if beyond else headers
            for tried, address in enumerate(addresses, start=1):
                share = _share(deadline, len(addresses) - tried)
                try:
                    return await self._send_to(url, address, method=method, headers=lines, body=body, connect_s=share)
                except Unreachable:
                    if tried == len(addresses):
                        raise
        raise AssertionError("a URL that leads nowhere was refused before")

    async def _send_to(
        self, url: OutboundUrl, address: Address, *, method: str, headers: Lines, body: bytes, connect_s: float | None
    ) -> Received:
        """Send to this address, over a kept connection if there is one; once more where that one was dead already."""
        assert self._transport is not None, "use it as 'async with Outbound(...) as outbound'"
        while True:
            try:
                return await exchange(
                    self._transport, url, address, method=method, headers=headers, body=body, connect_s=connect_s
                )
            except BrokenOff:
                # Each turn uses up one kept connection, so this ends. RFC 9110, section 9.2.2, leaves repeating to
                # those who know that it does no harm, and we do: receivers tell repeats by their id.
                attempt = ATTEMPT.get()
                if attempt.is_fresh or attempt.status is not None:
                    raise

    @contextlib.contextmanager
    def _counted(self, authority: str) -> Iterator[bool]:
        """Count an attempt at a host while it lasts; True: more are under way there than connections are kept."""
        self._under_way[authority] += 1
        try:
            yield self._under_way[authority] > self._kept_per_host
        finally:
            self._under_way[authority] -= 1
            if not self._under_way[authority]:
                del self._under_way[authority]


def _lines(url: OutboundUrl, headers: Mapping[str, str]) -> Lines:
    """The header lines of a request: ours, then theirs. Raises Refused."""
    for name, value in headers.items():
        check_header(name, value)
    # Answers are kept as they come and never unpacked, so none should be packed.
    return [("Host", url.authority), ("User-Agent", AGENT), ("Accept-Encoding", "identity"), *headers.items()]


def _share(deadline: asyncio.Timeout, others: int) -> float | None:
    """How many seconds one address may take to connect where `others` wait for their turn; None: until the deadline."""
    ends = deadline.when()
    if not others or ends is None:
        return None
    return max(ends - asyncio.get_running_loop().time(), 0.0) / (others + 1)


def _too_slow(attempt: Attempt, deadline_s: float) -> TooSlow:
    if not attempt.address:
        what = "The receiver's name was not looked up"
    elif not attempt.is_connected:
        what = "No connection came about"
    elif attempt.status is None:
        what = "No answer came"
    else:
        what = f"The answer (status {attempt.status}) did not end"
    return TooSlow(f"{what} within {deadline_s:g} s.", status=attempt.status)


def _marked(error: OutboundError, attempt: Attempt, elapsed: float) -> OutboundError:
    error.address = attempt.address
    error.duration_ms = _milliseconds(elapsed)
    return error


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
