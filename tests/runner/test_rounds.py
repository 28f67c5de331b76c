"""A round is never done twice at once, survives its failures, and ends when it is told."""

import asyncio
import io
import json

import structlog

from service.kit.errors import Unavailable
from service.runner.rounds import Round

SOON = 5.0  # seconds that a condition is waited for, at most


class Counted:
    """Work that waits to be let go, and counts."""

    def __init__(self) -> None:
        self.began = self.ended = self.at_once = 0
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.changed = asyncio.Condition()
        self.raises: Exception | None = None
        self.wish: float | None = None

    async def __call__(self) -> float | None:
        self.began += 1
        self.at_once = max(self.at_once, self.began - self.ended)
        await self._tell()
        try:
            await self.may_end.wait()
        finally:
            self.ended += 1
        await self._tell()
        if self.raises is not None:
            raise self.raises
        return self.wish

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, *, began: int = 0, ended: int = 0) -> None:
        """Wait until it was begun and ended so often."""
        async with asyncio.timeout(SOON), self.changed:
            await self.changed.wait_for(lambda: self.began >= began and self.ended >= ended)


async def test_whoever_rings_while_it_is_under_way_is_not_heard() -> None:
    work = Counted()
    round_ = Round("work", work, every=60)
    work.may_end.clear()
    for _ in range(3):
        round_.ring()
    await work.until(began=1)
    round_.ring()
    work.may_end.set()
    await work.until(ended=1)
    await round_.close(within=SOON)
    assert (work.began, work.at_once) == (1, 1)


async def test_whoever_wakes_it_while_it_is_under_way_has_it_done_once_more() -> None:
    work = Counted()
    round_ = Round("work", work, every=60)
    work.may_end.clear()
    round_.wake()
    await work.until(began=1)
    for _ in range(3):
        round_.wake()
    work.may_end.set()
    await work.until(ended=2)
    await round_.close(within=SOON)
    assert (work.began, work.at_once) == (2, 1)


async def test_it_comes_again_when_it_wants_to() -> None:
    work = Counted()
    round_ = Round("work", work, every=60)
    work.wish = 0.01
    round_.ring()
    await work.until(ended=3)
    await round_.close(within=SOON)


async def test_a_failure_is_told_once_counted_and_followed_by_a_pause_and_another_try(logged: io.StringIO) -> None:
    work = Counted()
    failures: list[int] = []
    round_ = Round("work", work, every=60, failed=lambda: failures.append(1))
    work.raises = Unavailable()
    round_.ring()
    await work.until(ended=1)
    for _ in range(10):  # whoever wakes it now is not heard: it backs off
        round_.wake()
        round_.ring()
        await asyncio.sleep(0)
    assert work.began == 1
    await work.until(ended=2)
    work.raises = None
    await work.until(ended=3)
    await round_.close(within=SOON)
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["failed", "works again"]
    assert len(failures) == 2


async def test_a_mistake_is_told_with_its_place_and_the_next_one_comes(logged: io.StringIO) -> None:
    work = Counted()
    round_ = Round("work", work, every=60)
    work.raises = KeyError("a mistake")
    round_.ring()
    await work.until(ended=2)
    await round_.close(within=SOON)
    assert "Traceback" in logged.getvalue()


async def test_a_stop_waits_for_what_is_under_way_and_nothing_begins_after_it() -> None:
    work = Counted()
    round_ = Round("work", work, every=60)
    work.may_end.clear()
    round_.ring()
    await work.until(began=1)
    closing = asyncio.ensure_future(round_.close(within=SOON))
    await asyncio.sleep(0)
    round_.wake()
    assert not closing.done()
    work.may_end.set()
    await closing
    round_.ring()
    round_.wake()
    assert (work.began, work.ended) == (1, 1)


async def test_a_stop_breaks_off_what_does_not_end(logged: io.StringIO) -> None:
    work = Counted()
    round_ = Round("work", work, every=60)
    work.may_end.clear()
    round_.ring()
    await work.until(began=1)
    await round_.close(within=0.01)
    assert work.ended == 1
    assert "broken off at the stop" in logged.getvalue()


async def test_the_request_that_wakes_it_leaves_no_trace_in_it() -> None:
    seen = asyncio.get_running_loop().create_future()

    async def look() -> None:
        seen.set_result(structlog.contextvars.get_contextvars())

    round_ = Round("look", look, every=60)
    with structlog.contextvars.bound_contextvars(request_id="req_1"):
        round_.wake()
        async with asyncio.timeout(SOON):
            assert await seen == {}
    await round_.close(within=SOON)
