"""The runner of one process: its ticks, its chores, its loops, from the start of the process to its stop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence

import structlog

from service.gate.pulse import Pulse
from service.gate.state import Gate
from service.journal.models import Recorded
from service.runner.chores import Chore, chores
from service.runner.heartbeat import Heartbeat
from service.runner.rounds import Round
from service.runner.sending import deliver
from service.runner.supervising import Loop, Signals, Supervised
from service.runner.ticks import FanOut, Ticks

_log = structlog.stdlib.get_logger("milepost.runner")

TICKS_EVERY = 1.0  # seconds
STOP_SECONDS = 8.0  # for what is under way at a stop

# What runs beside the ticks as long as the process does: name → loop.
LOOPS: Mapping[str, Loop] = {"deliveries": deliver}


class Runner:
    """What happens in a process because time passes. Safe in any number of processes: each claims what it does."""

    def __init__(
        self,
        gate: Gate,
        *,
        done: Sequence[Chore] | None = None,
        fan_out: FanOut | None = None,
        loops: Mapping[str, Loop] = LOOPS,
    ) -> None:
        self.gate = gate
        self.signals = Signals()
        self.ticks = Ticks(gate, fan_out=fan_out)
        self.ticks.delivers = self._deliver
        self.pulse = gate.pulse = Pulse()
        gate.metrics.watch(self.pulse)
        self.tick = Round("tick", self._tick, every=TICKS_EVERY, failed=gate.metrics.tick_failures.inc)
        self._chores = [self._round(chore) for chore in (chores() if done is None else done)]
        self.heartbeat = Heartbeat((self.tick, *self._chores), metrics=gate.metrics)
        self._loops = [Supervised(name, loop, gate=gate, signals=self.signals) for name, loop in loops.items()]

    def start(self) -> None:
        """Begin. What was due while nobody was there comes first."""
        self.gate.hearers.append(self._hear)
        for each in self._loops:
            each.start()
        self.heartbeat.start()

    async def stop(self, *, within: float = STOP_SECONDS) -> None:
        """Begin nothing new, and let what is under way come to its end: a tick ends after its transaction.

        What is not done `within` that many seconds is broken off: its transaction has not happened, and whoever comes
        next finds everything as it was.
        """
        self.gate.hearers.remove(self._hear)
        self.signals.stopping.set()
        self.ticks.stop()
        self.heartbeat.stop()
        await asyncio.gather(
            *(each.close(within=within) for each in (self.tick, *self._chores)),
            *(each.stop(within=within) for each in self._loops),
        )

    async def _tick(self) -> float | None:
        wish = await self.ticks.tick()
        self.pulse.beat()
        return wish

    def _round(self, chore: Chore) -> Round:
        async def run() -> None:
            if await chore.run(self.gate):
                self._deliver()

        return Round(chore.name, run, every=chore.every, failed=self.gate.metrics.chore_failures.labels(chore.name).inc)

    def _deliver(self) -> None:
        self.signals.deliveries.set()
        self.gate.news.ring()

    def _hear(self, facts: Sequence[Recorded]) -> None:
        self.tick.wake()
        self.signals.deliveries.set()


@contextlib.asynccontextmanager
async def keeping_time(gate: Gate) -> AsyncIterator[None]:
    """Fire what is due while the block lasts, where that is the role of this process."""
    if gate.settings.role == "api":
        yield
        return
    runner = Runner(gate)
    runner.start()
    try:
        yield
    finally:
        await runner.stop()
