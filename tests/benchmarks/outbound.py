"""The way out against bare clients, to one local sink: `python -m tests.benchmarks.outbound` (`--quick`: a rough idea).

Every client posts 1 kB with a webhook's headers, 50 at once. Rounds alternate between the clients; the medians are
printed, and how they stand to httpx as one writes it first. Beside the clock on the wall stands this process's own
processor time, which a busy neighbour disturbs less: the sink is a process of its own.
"""

import asyncio
import contextlib
import ipaddress
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import cast

import aiohttp
import httpx
import uvloop
from httpx_aiohttp import AiohttpTransport

from service.kit import log
from service.kit.outbound.client import Outbound
from tests.benchmarks.tables import Say, say, table

AT_ONCE = 50
BODY = b'{"type":"occurrence.due_soon","data":"' + b"x" * 960 + b'"}'
HEADERS = {
    "Content-Type": "application/json",
    "webhook-id": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
    "webhook-timestamp": "1727740800",
    "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
}
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"

Post = Callable[[], Awaitable[object]]
Client = Callable[[int], AbstractAsyncContextManager[Post]]


# ── the sink ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Sink(asyncio.Protocol):
    """Answers 204 to whatever has a whole body."""

    def __init__(self) -> None:
        self.got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.got += data
        while True:
            head, found, rest = self.got.partition(b"\r\n\r\n")
            length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
            if not found or len(rest) < int(length or 0):
                return
            self.got = rest[int(length or 0) :]
            self.transport.write(ANSWER)


async def _sink() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextlib.contextmanager
def sinking() -> Iterator[int]:
    """A sink in a process of its own: its port."""
    command = [sys.executable, "-m", "tests.benchmarks.outbound", "--sink"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


# ── the clients ──────────────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.asynccontextmanager
async def _httpx(port: int) -> AsyncIterator[Post]:
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=100), trust_env=False) as client:
        yield lambda: client.post(f"http://127.0.0.1:{port}/hook", content=BODY, headers=HEADERS)


@contextlib.asynccontextmanager
async def _httpx_on_aiohttp(port: int) -> AsyncIterator[Post]:
    async with httpx.AsyncClient(transport=AiohttpTransport(), trust_env=False) as client:
        yield lambda: client.post(f"http://127.0.0.1:{port}/hook", content=BODY, headers=HEADERS)


@contextlib.asynccontextmanager
async def _aiohttp(port: int) -> AsyncIterator[Post]:
    async with aiohttp.ClientSession() as session:

        async def post() -> None:
            async with session.post(f"http://127.0.0.1:{port}/hook", data=BODY, headers=HEADERS) as answer:
                await answer.read()

        yield post


@contextlib.asynccontextmanager
async def _ours(port: int, host: str = "127.0.0.1") -> AsyncIterator[Post]:
    networks = [ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")]
    async with Outbound(allow_networks=networks) as outbound:
        yield lambda: outbound.send("POST", f"http://{host}:{port}/hook", headers=HEADERS, body=BODY, deadline_s=30)


def _ours_by_name(port: int) -> AbstractAsyncContextManager[Post]:
    return _ours(port, "localhost")


CLIENTS: dict[str, Client] = {
    "httpx": _httpx,
    "httpx on aiohttp": _httpx_on_aiohttp,
    "ours": _ours,
    "ours, by name": _ours_by_name,
    "aiohttp": _aiohttp,
}
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


# ── the measurement ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Round:
    """What one client did in one round: posts a second on the wall, and of our own processor time; slowest 1 %."""

    a_second: float
    a_cpu_second: float
    p99_ms: float


async def _round(client: Client, port: int, posts: int) -> Round:
    took: list[float] = []
    async with client(port) as post:
        await asyncio.gather(*(post() for _ in range(AT_ONCE)))  # connections are made, pages are warm
        left = iter(range(posts))

        async def work() -> None:
            for _ in left:
                start = time.perf_counter()
                await post()
                took.append(time.perf_counter() - start)

        start, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    return Round(posts / seconds, posts / cpu_seconds, statistics.quantiles(took, n=100)[98] * 1000)


def rounds_of(client: Client, port: int, *, posts: int, rounds: int) -> Round:
    """What one client does on uvloop: the medians of its rounds."""
    found = []
    for _ in range(rounds):
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found.append(runner.run(_round(client, port, posts)))
    return _median(found)


def run(say: Say, *, quick: bool = False) -> None:
    """Measure every client on both loops, in turns."""
    log.configure(level="warning", style="text")
    posts, rounds = (300, 1) if quick else (3000, 3)
    results: dict[tuple[str, str], list[Round]] = {}
    with sinking() as port:
        for _ in range(rounds):
            for loop, factory in LOOPS.items():
                for name, client in CLIENTS.items():
                    with asyncio.Runner(loop_factory=factory) as runner:
                        enough = posts // 10 if name == "httpx" else posts
                        results.setdefault((name, loop), []).append(runner.run(_round(client, port, enough)))
    medians = {key: _median(found) for key, found in results.items()}
    columns = ("client, loop", "a second", "a CPU second", "times httpx", "p99 ms")
    rows = [
        (
            f"{name}, {loop}",
            f"{each.a_second:,.0f}",
            f"{each.a_cpu_second:,.0f}",
            f"{each.a_cpu_second / medians['httpx', loop].a_cpu_second:.1f}",
            f"{each.p99_ms:,.1f}",
        )
        for (name, loop), each in medians.items()
    ]
    table(say, f"Posts of {len(BODY):,} bytes, {AT_ONCE} at once, {rounds} rounds of {posts:,}", columns, rows)


def _median(rounds: list[Round]) -> Round:
    return Round(
        statistics.median(each.a_second for each in rounds),
        statistics.median(each.a_cpu_second for each in rounds),
        statistics.median(each.p99_ms for each in rounds),
    )


if __name__ == "__main__":
    if "--sink" in sys.argv[1:]:
        uvloop.run(_sink())
    else:
        run(say, quick="--quick" in sys.argv[1:])
