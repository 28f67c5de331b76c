"""Loops that run as long as the process does: one that ends by a failure is begun again."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from service.gate.state import Gate
from service.kit.errors import MilepostError
from service.kit.stopwatch import stopwatch

_log = structlog.stdlib.get_logger("milepost.runner")

FIRST_PAUSE = 0.5  # seconds; doubled after each further failure
LONGEST_PAUSE = 15.0


@dataclass(frozen=True, slots=True)
class Signals:
    """What a loop waits for: `stopping`, set once; `deliveries`, set when some were made here, cleared by who looks."""

    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    deliveries: asyncio.Event = field(default_factory=asyncio.Event)


# Runs until `signals.stopping` is set, and then ends soon by itself.
Loop = Callable[[Gate, Signals], Awaitable[None]]


class Supervised:
    """One loop under supervision."""

    def __init__(self, name: str, loop: Loop, *, gate: Gate, signals: Signals) -> None:
        self.name = name
        self._loop, self._gate, self._signals = loop, gate, signals
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin it."""
        self._task = asyncio.get_running_loop().create_task(self._keep(), name=self.name)

    async def stop(self, *, within: float) -> None:
        """Let it come to its end; after `within` seconds it is broken off. `stopping` must be set already."""
        if self._task is None:
            return
        if not (await asyncio.wait({self._task}, timeout=within))[0]:
            _log.warning("broken off at the stop", what=self.name)
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=within)

    async def _keep(self) -> None:
        pause = FIRST_PAUSE / 2
        while True:
            lived = stopwatch()
            await self._once()
            if self._signals.stopping.is_set():
                return
            self._gate.metrics.loop_failures.labels(self.name).inc()
            pause = FIRST_PAUSE if lived() > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._signals.stopping.wait(), pause)

    async def _once(self) -> None:
        try:
            await self._loop(self._gate, self._signals)
        except MilepostError as error:
            _log.warning("a loop failed", what=self.name, reason=error.message)
        except Exception:  # noqa: BLE001 - whatever it was: it is told, and the loop begun again
            _log.exception("a loop failed", what=self.name)
