"""A client that asks for the same thing over and over, and costs so little that the server is what is measured."""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uvloop


@dataclass(frozen=True)
class Measured:
    """What a server did in one round."""

    answers: int
    seconds: float
    cpu_seconds: float

    @property
    def a_second(self) -> float:
        """Answers a second, by the clock on the wall."""
        return self.answers / self.seconds

    @property
    def a_cpu_second(self) -> float:
        """Answers a second of the server's own processor time: what a busy neighbour hardly disturbs."""
        return self.answers / self.cpu_seconds if self.cpu_seconds else 0.0


class _Asking(asyncio.Protocol):
    """One connection. Equal requests get answers of equal length, so that bytes need only be counted."""

    def __init__(self, request: bytes, length: int) -> None:
        self.request = request
        self.length = length
        self.got = 0
        self.answers = 0
        self.stopped = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.got += len(data)
        while self.got >= self.length:
            self.got -= self.length
            self.answers += 1
            if not self.stopped:
                self.transport.write(self.request)


class _First(asyncio.Protocol):
    """Asks once, and keeps what comes within a moment."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(self.request)

    def data_received(self, data: bytes) -> None:
        self.got += data


def request_of(path: str, **headers: str) -> bytes:
    """An HTTP/1.1 request: `request_of("/x.ics", accept_encoding="gzip")`."""
    lines = [f"GET {path} HTTP/1.1", "Host: milepost.test"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def first_answer(port: int, request: bytes) -> bytes:
    """What the server answers, head and body."""

    async def ask() -> bytes:
        transport, asking = await asyncio.get_running_loop().create_connection(
            lambda: _First(request), "127.0.0.1", port
        )
        before = -1
        while len(asking.got) != before or not asking.got:
            before = len(asking.got)
            await asyncio.sleep(0.3)
        transport.close()
        return asking.got

    return asyncio.run(ask())


def load(port: int, request: bytes, *, length: int, pid: int, seconds: float, connections: int = 32) -> Measured:
    """Ask for `seconds` over several connections. `length`: of an answer; `pid`: whose processor time counts."""
    return uvloop.run(_load(port, request, length, pid=pid, seconds=seconds, connections=connections))


async def _load(port: int, request: bytes, length: int, *, pid: int, seconds: float, connections: int) -> Measured:
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: _Asking(request, length), "127.0.0.1", port) for _ in range(connections)
    ]
    asking = [each for _, each in made]
    await asyncio.sleep(0.2)  # warm
    before, cpu, start = sum(each.answers for each in asking), cpu_seconds(pid), time.perf_counter()
    await asyncio.sleep(seconds)
    answers = sum(each.answers for each in asking) - before
    measured = Measured(answers, time.perf_counter() - start, cpu_seconds(pid) - cpu)
    for transport, each in made:
        each.stopped = True
        transport.close()
    return measured


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used, from the kernel's account in nanoseconds."""
    stat = Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii")
    return int(stat.split()[0]) / 1e9


def cpu_seconds_of_all(name: str) -> float:
    """The same of all processes with a name that are there now."""
    used = 0.0
    for path in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            if path.read_text(encoding="utf-8").strip() == name:
                used += cpu_seconds(int(path.parent.name))
    return used


def resident_mb(pid: int) -> float:
    """Memory that a process holds, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(each for each in status.splitlines() if each.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
