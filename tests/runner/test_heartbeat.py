"""The heartbeat goes on: whatever a round does, whoever kills the scheduler, whatever the clock does."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from service.gate.metrics import Metrics
from service.runner import heartbeat as module
from service.runner.heartbeat import Heartbeat
from service.runner.jumps import Jumps
from service.runner.rounds import Round
from tests.runner.test_rounds import SOON, Counted

OFTEN = 0.02  # seconds; in the service a tick is due every second


class Host:
    """A host's two clocks."""

    def __init__(self) -> None:
        self.wall, self.elapsed = datetime(2024, 10, 1, tzinfo=UTC), 0.0

    def pass_by(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.elapsed += seconds


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def tick() -> Counted:
    return Counted()


@pytest.fixture
async def beating(tick: Counted, host: Host) -> AsyncIterator[Heartbeat]:
    """A heartbeat that ticks often; the watchdog looks when a test says so."""
    jumps = Jumps(lambda: host.wall, lambda: host.elapsed)
    rounds = Round("tick", tick, every=OFTEN)
    made = Heartbeat((rounds,), metrics=Metrics(), jumps=jumps)
    made.start()
    yield made
    made.stop()
    tick.may_end.set()
    await rounds.close(within=SOON)


async def test_it_beats_again_and_again(beating: Heartbeat, tick: Counted) -> None:
    await tick.until(ended=3)


async def test_it_beats_on_after_every_failure(
    beating: Heartbeat, tick: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick.raises = ZeroDivisionError()
    await tick.until(ended=2)
    tick.raises = None
    await tick.until(ended=4)


async def test_a_job_that_raises_stops_no_other(beating: Heartbeat, tick: Counted) -> None:
    async def fail() -> None:
        raise RuntimeError

    assert beating.scheduler is not None
    beating.scheduler.add_job(fail, "interval", seconds=OFTEN)
    await tick.until(ended=tick.ended + 3)


async def test_a_scheduler_that_was_shut_down_is_revived(
    beating: Heartbeat, tick: Counted, logged: io.StringIO
) -> None:
    assert beating.scheduler is not None
    await tick.until(ended=1)
    beating.scheduler.shutdown(wait=False)
    await asyncio.sleep(0)
    dead = tick.ended
    beating.look()
    await tick.until(ended=dead + 2)
    assert "the scheduler was dead" in logged.getvalue()


async def test_a_scheduler_that_rings_no_more_is_revived(
    beating: Heartbeat, tick: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert beating.scheduler is not None
    await tick.until(ended=1)
    beating.scheduler.pause()  # it says that it runs
    monkeypatch.setattr(module, "SILENT", 0.0)
    dead = tick.ended
    beating.look()
    await tick.until(ended=dead + 2)


async def test_the_watchdog_looks_by_itself(beating: Heartbeat, tick: Counted) -> None:
    assert beating.scheduler is not None
    await tick.until(ended=1)
    beating.scheduler.remove_all_jobs()
    beating.scheduler.shutdown(wait=False)
    await asyncio.sleep(0)
    await tick.until(ended=tick.ended + 2)


async def test_a_tick_that_is_stuck_is_broken_off_and_another_one_comes(
    beating: Heartbeat, tick: Counted, monkeypatch: pytest.MonkeyPatch, logged: io.StringIO
) -> None:
    tick.may_end.clear()
    await tick.until(began=1)
    began = tick.began
    beating.look()
    assert tick.ended == began - 1
    monkeypatch.setattr(module, "STUCK", 0.0)
    beating.look()
    await tick.until(began=began + 1)
    assert "a tick was stuck" in logged.getvalue()
    assert tick.at_once == 1


@pytest.mark.parametrize("jump", (-3_600, 3_600, 90_000))
async def test_a_clock_that_was_set_is_noticed_and_told(
    beating: Heartbeat, tick: Counted, host: Host, jump: int, logged: io.StringIO
) -> None:
    host.pass_by(1.0)
    beating.look()
    host.pass_by(1.2)
    host.wall += timedelta(seconds=jump)
    beating.look()
    host.pass_by(0.9)
    beating.look()
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert [(line["event"], line["seconds"]) for line in lines] == [("clock.jumped", jump)]
    ended = tick.ended
    await tick.until(ended=ended + 2)


def test_a_clock_that_is_slewed_is_no_jump(host: Host) -> None:
    jumps = Jumps(lambda: host.wall, lambda: host.elapsed)
    for _ in range(100):
        host.pass_by(1.0)
        host.wall += timedelta(milliseconds=50)
        assert jumps.seconds() == 0
