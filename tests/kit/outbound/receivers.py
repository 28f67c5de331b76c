"""Receivers that do as they are told, on this machine's own addresses, and names that lead where a test wants them."""

import asyncio
import contextlib
import ipaddress
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from service.kit.outbound.address import Address
from service.kit.outbound.errors import Unreachable

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
SOCKETS = Path("/proc/self/fd")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def open_sockets() -> int:
    """How many sockets this process has open (where the system tells; elsewhere always none)."""
    if not SOCKETS.exists():
        return 0
    links = []
    for each in os.listdir(SOCKETS):  # noqa: PTH208  # a listing, not paths: one of them is gone once it is made
        try:
            links.append(os.readlink(SOCKETS / each))  # noqa: PTH115  # the raw text: there is no such path
        except FileNotFoundError:
            continue
    return sum(link.startswith("socket:") for link in links)


async def until(settled: Callable[[], bool]) -> None:
    """Let the loop turn a few times: what was cut off is closed in one of its next turns. Waits for no clock."""
    for _ in range(100):
        if settled():
            return
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Request:
    """What arrived: the head as text, the body, and how many requests came over this connection before."""

    head: str
    body: bytes
    before: int

    @property
    def line(self) -> str:
        return self.head.split("\r\n")[0]

    def header(self, name: str) -> list[str]:
        pairs = (line.partition(":") for line in self.head.split("\r\n")[1:])
        return [value.strip() for key, _, value in pairs if key.lower() == name.lower()]


@dataclass
class Line:
    """One connection, as the receiver sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    receiver: "Receiver"
    requests: int = 0

    async def head(self) -> str:
        return (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")

    async def request(self) -> Request:
        """The next request, noted in `receiver.seen`."""
        got = Request(await self.head(), b"", self.requests)
        length = int((got.header("content-length") or ["0"])[0])
        got = Request(got.head, await self.reader.readexactly(length), self.requests)
        self.requests += 1
        self.receiver.seen.append(got)
        return got

    async def send(self, text: bytes) -> None:
        self.writer.write(text)
        await self.writer.drain()

    async def hold(self) -> None:
        """Say nothing until the test is over."""
        await asyncio.Event().wait()

    def reset(self) -> None:
        self.writer.transport.abort()


Script = Callable[[Line], Awaitable[None]]


@dataclass
class Receiver:
    """A server under way: where it is, and what it has seen."""

    scheme: str
    host: str
    port: int
    seen: list[Request] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str = "/", *, name: str = "") -> str:
        return f"{self.scheme}://{name or self.host}:{self.port}{path}"


@contextlib.asynccontextmanager
async def receiving(
    script: Script, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """A server that plays `script` on every connection, until the block ends."""
    tasks: set[asyncio.Task[None]] = set()

    async def play(line: Line) -> None:
        try:
            await script(line)
            line.writer.close()
        except (ConnectionError, asyncio.IncompleteReadError):
            line.writer.close()
        except asyncio.CancelledError:
            line.reset()
            raise

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        receiver.connections += 1
        task = asyncio.get_running_loop().create_task(play(Line(reader, writer, receiver)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, host, port, ssl=tls, backlog=1024)
    receiver = Receiver("https" if tls else "http", host, server.sockets[0].getsockname()[1])
    try:
        yield receiver
    finally:
        server.close()
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def polite(line: Line) -> None:
    """Answers 200 to everything, over one connection for as long as the sender likes."""
    while True:
        await line.request()
        await line.send(OK)


async def silent(line: Line) -> None:
    """Takes a request and never answers."""
    await line.request()
    await line.hold()


def saying(*pieces: bytes) -> Script:
    """Takes a request, says these and hangs up."""

    async def script(line: Line) -> None:
        await line.request()
        for piece in pieces:
            await line.send(piece)

    return script


def endlessly(start: bytes, piece: bytes) -> Script:
    """Takes a request, says `start`, and then `piece` for ever."""

    async def script(line: Line) -> None:
        await line.request()
        await line.send(start)
        while True:
            await line.send(piece)

    return script


class Names:
    """A resolver: each name has answers in turn, the last of which it keeps to."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self._answers = {name.replace("_", "."): list(each) for name, each in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str) -> Sequence[Address]:
        self.asked.append(host)
        if host not in self._answers:
            raise Unreachable(f"The name {host} has no address (not known).")
        left = self._answers[host]
        answer = left.pop(0) if len(left) > 1 else left[0]
        return [ipaddress.ip_address(text) for text in answer]
