"""Connections: kept where that helps, dropped where it would harm, and none of them in another's way."""

import asyncio
import gc
import tracemalloc

import pytest

from service.kit.outbound.client import Answer, Outbound
from service.kit.outbound.errors import BadAnswer
from service.kit.outbound.wire import _Handler
from tests.kit.outbound.receivers import (
    LOOPBACK,
    OK,
    Line,
    Script,
    endlessly,
    polite,
    receiving,
    saying,
    silent,
    until,
)

PLENTY_S = 20.0


async def post(outbound: Outbound, url: str, *, deadline_s: float = PLENTY_S) -> Answer:
    return await outbound.send("POST", url, headers={}, body=b"{}", deadline_s=deadline_s)


async def test_attempts_one_after_the_other_share_a_connection(outbound: Outbound) -> None:
    async with receiving(polite) as receiver:
        for _ in range(5):
            await post(outbound, receiver.url())
    assert (len(receiver.seen), receiver.connections) == (5, 1)


async def test_a_connection_whose_answer_was_cut_off_is_not_used_again(outbound: Outbound) -> None:
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n" + b"x" * 20000
    async with receiving(saying(long)) as receiver:
        for _ in range(2):
            assert (await post(outbound, receiver.url())).truncated
    assert receiver.connections == 2


async def test_a_kept_connection_that_turns_out_dead_costs_no_attempt(outbound: Outbound) -> None:
    async def forgetful(line: Line) -> None:
        request = await line.request()
        await line.send(OK)
        if request.before == 0:
            await line.request()  # and hangs up without a word

    async with receiving(forgetful) as receiver:
        answers = [await post(outbound, receiver.url()) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert receiver.connections == 3


async def test_what_was_said_out_of_turn_is_no_answer_to_the_next(outbound: Outbound) -> None:
    idle = asyncio.Event()

    async def eager(line: Line) -> None:
        await line.request()
        await line.send(OK)
        await idle.wait()
        await line.send(b"HTTP/1.1 299 Forged\r\nContent-Length: 0\r\n\r\n")
        await line.hold()

    async with receiving(eager) as receiver:
        await post(outbound, receiver.url())
        idle.set()
        await until(lambda: False)  # let it arrive
        answer = await post(outbound, receiver.url())
    assert (answer.status, receiver.connections) == (200, 2)


async def test_a_connection_with_unsent_bytes_is_not_kept() -> None:
    class Stuck(asyncio.Transport):
        unsent = 0

        def get_write_buffer_size(self) -> int:
            return self.unsent

        def is_closing(self) -> bool:
            return False

    handler, transport = _Handler(asyncio.get_running_loop()), Stuck()
    handler.connection_made(transport)
    assert not handler.should_close
    transport.unsent = 1
    assert handler.should_close


async def test_a_host_under_many_attempts_is_asked_to_close_the_surplus(left_behind: None) -> None:
    async def closing(line: Line) -> None:
        while not (await line.request()).header("connection"):
            await line.send(OK)
        await line.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")

    async with receiving(closing) as receiver, Outbound(allow_networks=LOOPBACK, kept_per_host=2) as outbound:
        answers = await asyncio.gather(*(post(outbound, receiver.url()) for _ in range(6)))
        later = await asyncio.gather(*(post(outbound, receiver.url()) for _ in range(2)))
    assert {answer.status for answer in (*answers, *later)} == {200}
    asked = [request.header("connection") for request in receiver.seen]
    assert sorted(asked[:6]) == [[], [], ["close"], ["close"], ["close"], ["close"]]
    assert asked[6:] == [[], []]
    assert receiver.connections == 6, "the two that were kept served again"


async def test_two_hundred_attempts_at_a_silent_receiver_are_in_nobodys_way(outbound: Outbound) -> None:
    async with receiving(silent) as hanging, receiving(polite) as well:
        stuck = [asyncio.ensure_future(post(outbound, hanging.url())) for _ in range(200)]
        await until(lambda: hanging.connections == 200)
        for _ in range(50):
            assert (await post(outbound, well.url())).status == 200
        assert not any(task.done() for task in stuck)
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
    assert well.connections == 1


@pytest.mark.parametrize(
    "script",
    (silent, Line.hold, endlessly(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", b"")),
    ids=("before the answer", "before the request is read", "in the body"),
)
async def test_a_cancelled_attempt_leaves_nothing_behind(outbound: Outbound, script: Script) -> None:
    async def quiet(line: Line) -> None:
        await script(line)

    async with receiving(quiet if script is not Line.hold else script) as receiver:
        task = asyncio.ensure_future(post(outbound, receiver.url()))
        await until(lambda: receiver.connections == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_cancelled_handshake_leaves_nothing_behind(outbound: Outbound) -> None:
    async with receiving(Line.hold) as receiver:
        task = asyncio.ensure_future(post(outbound, f"https://127.0.0.1:{receiver.port}/"))
        await until(lambda: receiver.connections == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_closing_the_client_waits_for_no_receiver(left_behind: None) -> None:
    async with receiving(polite) as receiver:
        async with Outbound(allow_networks=LOOPBACK) as outbound:
            await asyncio.gather(*(post(outbound, receiver.url()) for _ in range(10)))
        assert receiver.connections == 10


async def test_memory_stays_flat_under_receivers_that_pour(outbound: Outbound) -> None:
    pouring = endlessly(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a" * 65536)
    long = endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)

    async def some(times: int) -> int:
        for _ in range(times):
            with pytest.raises(BadAnswer):
                await post(outbound, first.url())
            assert (await post(outbound, second.url())).truncated
        first.seen.clear()
        second.seen.clear()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    async with receiving(pouring) as first, receiving(long) as second:
        tracemalloc.start()
        try:
            warm = await some(20)
            after = await some(100)
        finally:
            tracemalloc.stop()
    assert after - warm < 50_000, f"{after - warm} bytes more after 200 more attempts"
