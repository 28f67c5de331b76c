"""The heartbeat: APScheduler rings, a watchdog sees to it that it does."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC

import structlog
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from service.gate.metrics import Metrics
from service.kit.clock import RealClock
from service.kit.stopwatch import stopwatch
from service.runner.jumps import Jumps
from service.runner.rounds import Round

_log = structlog.stdlib.get_logger("milepost.runner")

LOOKS_EVERY = 1.0  # seconds
SILENT = 10.0  # seconds without a ring: the scheduler is dead
STUCK = 60.0  # seconds for one tick, which ends after two by itself

# It tells of every ring, and of its start and stop, which is ours to tell.
logging.getLogger("apscheduler").setLevel(logging.ERROR)


class Heartbeat:
    """Rings each round at its times, and `rounds[0]`, the tick, at least once a second.

    The scheduler is an alarm clock and nothing else. Its jobs only start rounds: what it runs itself it cancels when it
    is shut down (its executor cannot wait), and it complains of each ring that comes too early. They lie in memory:
    persistent stores delete the jobs that are due while it is away, and several processes would each run them.
    """

    def __init__(self, rounds: Sequence[Round], *, metrics: Metrics, jumps: Jumps | None = None) -> None:
        self._rounds, self._metrics = tuple(rounds), metrics
        self._jumps = jumps or Jumps(RealClock().now, stopwatch())
        self._rang: Callable[[], float] = stopwatch()
        self._watching: asyncio.Task[None] | None = None
        self.scheduler: AsyncIOScheduler | None = None

    def start(self) -> None:
        """Ring everything once now, and then at its times."""
        self._wind_up()
        self._watching = asyncio.get_running_loop().create_task(self._watch(), name="runner watchdog")

    def stop(self) -> None:
        """Ring no more."""
        if self._watching is not None:
            self._watching.cancel()
        self._put_down()

    def look(self) -> None:
        """What the watchdog does once a second: notice a clock that was set, a dead scheduler, a tick that is stuck."""
        tick = self._rounds[0]
        under_way = tick.under_way_s
        if jump := self._jumps.seconds():
            # The scheduler counts on the wall clock: one that was set back an hour would be silent for an hour.
            _log.warning("clock.jumped", seconds=round(jump, 3))
            self._metrics.clock_jumps.inc()
            self._revive()
        elif self.scheduler is None or not self.scheduler.running or self._rang() > SILENT:
            _log.error("the scheduler was dead", silent_s=round(self._rang(), 1))
            self._metrics.revivals.inc()
            self._revive()
        if under_way is not None and under_way > STUCK:
            _log.error("a tick was stuck", seconds=round(under_way, 1))
            self._metrics.stuck_ticks.inc()
            tick.cancel()

    def _revive(self) -> None:
        self._put_down()
        self._wind_up()

    def _wind_up(self) -> None:
        self._rang = stopwatch()
        self.scheduler = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()},
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        now = RealClock().now()  # its own clock, whatever the service's says
        for each in self._rounds:
            every = IntervalTrigger(seconds=each.every, start_date=now, timezone=UTC)
            self.scheduler.add_job(self._ring, every, args=(each,), id=each.name, next_run_time=now)
        self.scheduler.start()

    def _put_down(self) -> None:
        if self.scheduler is not None and self.scheduler.running:
            self.scheduler.shutdown(wait=False)
        self.scheduler = None

    async def _ring(self, which: Round) -> None:
        self._rang = stopwatch()
        which.ring()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOKS_EVERY)
            try:
                self.look()
            except Exception:  # noqa: BLE001 - whoever watches over the others must not be the one who dies
                _log.exception("the watchdog could not look")
