"""The system's resolver: one question a name at a time, off the loop, and never for longer than it may take."""

import asyncio
import ipaddress
import socket
import threading

import pytest

from service.kit.outbound import resolver
from service.kit.outbound.address import Address
from service.kit.outbound.errors import Unreachable
from service.kit.outbound.resolver import SystemResolver

ANSWER = (ipaddress.ip_address("192.0.2.1"),)


class Library:
    """Stands for the system: answers when the test says so, and knows who asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gate = threading.Event()

    def __call__(self, host: str) -> tuple[Address, ...] | Unreachable:
        self.asked.append(host)
        self.gate.wait(20)
        return ANSWER


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    library = Library()
    monkeypatch.setattr(resolver, "look_up", library)
    return library


async def test_the_system_knows_this_machine() -> None:
    found = await SystemResolver()("localhost")
    assert found
    assert all(address.is_loopback for address in found)
    assert len(set(found)) == len(found)


async def test_an_address_is_found_without_a_name_server() -> None:
    assert list(await SystemResolver()("127.0.0.1")) == [ipaddress.ip_address("127.0.0.1")]


@pytest.mark.parametrize(
    ("error", "words"),
    (
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "name or service not known"),
        (OSError(24, "Too many open files"), "Too many open files"),
    ),
)
async def test_a_name_that_is_not_found_says_why(monkeypatch: pytest.MonkeyPatch, error: OSError, words: str) -> None:
    def getaddrinfo(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(Unreachable, match=words):
        await SystemResolver()("office.example")


async def test_whoever_asks_for_the_same_name_meanwhile_shares_the_answer(library: Library) -> None:
    resolve = SystemResolver()
    asking = [asyncio.ensure_future(resolve("office.example")) for _ in range(10)]
    other = asyncio.ensure_future(resolve("other.example"))
    await asyncio.sleep(0)
    library.gate.set()
    assert await asyncio.gather(*asking, other) == [ANSWER] * 11
    assert sorted(library.asked) == ["office.example", "other.example"]
    await resolve("office.example")
    assert library.asked.count("office.example") == 2, "an answer is not kept beyond those who waited for it"


async def test_a_name_that_takes_too_long_fails_alone(library: Library) -> None:
    resolve = SystemResolver(timeout_s=0.1, at_once=1)
    with pytest.raises(Unreachable, match="could not be looked up"):
        await resolve("office.example")
    late = asyncio.ensure_future(resolve("other.example"))
    await asyncio.sleep(0)
    assert library.asked == ["office.example"], "no more than one at once"
    library.gate.set()
    assert await late == ANSWER


async def test_a_machine_without_threads_fails_the_name_alone(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    resolve = SystemResolver(at_once=1)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(Unreachable, match="no thread left"):
            await resolve("office.example")
    library.gate.set()
    assert await resolve("office.example") == ANSWER


async def test_one_who_gives_up_does_not_take_the_answer_from_others(library: Library) -> None:
    resolve = SystemResolver()
    first, second = (asyncio.ensure_future(resolve("office.example")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    library.gate.set()
    assert await second == ANSWER
    assert first.cancelled()
