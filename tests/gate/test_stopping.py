"""Who waits is let go as soon as the process is told to stop."""

import asyncio
import signal
import threading
from collections.abc import Iterator

import pytest

from service.gate.news import News
from service.gate.stopping import at_stop


@pytest.fixture
def server() -> Iterator[list[int]]:
    """The signals that the server hears, which listens as uvicorn does."""
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    yield heard
    signal.signal(signal.SIGTERM, before)


async def test_a_long_wait_ends_with_the_signal_and_the_server_hears_it_too(server: list[int]) -> None:
    async def nothing_new() -> int:
        return 7

    news = News(nothing_new)
    with at_stop(news.let_go):
        waiting = asyncio.create_task(news.beyond(7, seconds=600))
        await asyncio.sleep(0)
        assert news.waiting == 1
        signal.raise_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            await waiting
    assert server == [signal.SIGTERM]
    await news.close()


async def test_afterwards_signals_go_where_they_went_before(server: list[int]) -> None:
    mine = signal.getsignal(signal.SIGTERM)
    with at_stop(lambda: None):
        assert signal.getsignal(signal.SIGTERM) is not mine
    assert signal.getsignal(signal.SIGTERM) is mine
    assert server == []


async def test_another_thread_hears_no_signals_and_changes_nothing() -> None:
    def elsewhere() -> object:
        async def look() -> object:
            with at_stop(lambda: None):
                return signal.getsignal(signal.SIGTERM)

        return asyncio.run(look())

    assert threading.current_thread() is threading.main_thread()
    assert await asyncio.to_thread(elsewhere) is signal.getsignal(signal.SIGTERM)
