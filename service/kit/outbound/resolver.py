"""Names to addresses. Whoever tests the guard brings another resolver: one that changes its mind, for instance."""

import asyncio
import ipaddress
import socket
import threading
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from service.kit.outbound.address import Address
from service.kit.outbound.errors import Unreachable

TIMEOUT_S = 5.0
AT_ONCE = 64


class Resolver(Protocol):
    """Anything that knows names."""

    async def __call__(self, host: str) -> Sequence[Address]:
        """Every address of a name (ASCII), in the order in which to try them. Raises Unreachable."""
        ...


class SystemResolver:
    """The system's own resolver (getaddrinfo: hosts file, DNS, and whatever else the machine is set to).

    Not the loop's: its few threads are shared with everything else (uvloop has four), and a getaddrinfo that waits for
    a dead name server cannot be stopped. Here each name that is asked for has a thread for as long as it takes, whoever
    asks meanwhile shares its answer, and a process that ends waits for none of them.
    """

    def __init__(self, *, timeout_s: float = TIMEOUT_S, at_once: int = AT_ONCE) -> None:
        self._timeout_s = timeout_s
        self._free = at_once
        self._asked: dict[str, asyncio.Future[tuple[Address, ...] | Unreachable]] = {}
        self._waiting: deque[str] = deque()

    async def __call__(self, host: str) -> Sequence[Address]:
        """Every address of a name, in the system's order (RFC 6724). Raises Unreachable."""
        asked = self._asked.get(host) or self._ask(host)
        await asyncio.wait((asked,), timeout=self._timeout_s)  # cancels nothing: others may be waiting too
        if not asked.done():
            raise Unreachable(f"The name {host} could not be looked up within {self._timeout_s:g} s.")
        answer = asked.result()
        if isinstance(answer, Unreachable):
            raise Unreachable(answer.reason)  # each asker their own: they are marked on their way up
        return answer

    def _ask(self, host: str) -> "asyncio.Future[tuple[Address, ...] | Unreachable]":
        asked = self._asked[host] = asyncio.get_running_loop().create_future()
        self._waiting.append(host)
        self._start()
        return asked

    def _start(self) -> None:
        while self._free and self._waiting:
            host = self._waiting.popleft()
            arguments = (host, asyncio.get_running_loop())
            try:
                threading.Thread(target=self._look_up, args=arguments, name="outbound-name", daemon=True).start()
            except RuntimeError:  # the system has no thread left
                self._asked.pop(host).set_result(
                    Unreachable(f"The name {host} could not be looked up: no thread left.")
                )
            else:
                self._free -= 1

    def _look_up(self, host: str, loop: asyncio.AbstractEventLoop) -> None:
        answer = look_up(host)
        try:
            loop.call_soon_threadsafe(self._answer, host, answer)
        except RuntimeError:
            return  # the loop has been closed: nobody is waiting any more

    def _answer(self, host: str, answer: tuple[Address, ...] | Unreachable) -> None:
        self._free += 1
        self._asked.pop(host).set_result(answer)
        self._start()


def look_up(host: str) -> tuple[Address, ...] | Unreachable:
    """Ask the system, blocking. Each address once, zones kept (`fe80::1%eth0`)."""
    try:
        # As bytes: as text, Python's own (older) idea of international names would come between.
        found = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return Unreachable(f"The name {host} has no address ({_words(error)}).")
    except OSError as error:
        return Unreachable(f"The name {host} could not be looked up ({error.strerror or type(error).__name__}).")
    texts = (str(sockaddr[0]) for *_, sockaddr in found)
    return tuple(dict.fromkeys(map(ipaddress.ip_address, texts)))


def _words(error: socket.gaierror) -> str:
    return (error.strerror or "unknown").lower()
