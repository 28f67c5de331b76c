"""What is done over and over: never twice at once, and no failure ends it."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable

import structlog

from service.kit.errors import MilepostError
from service.kit.stopwatch import stopwatch

_log = structlog.stdlib.get_logger("milepost.runner")

GAP = 0.05  # seconds between two, however often somebody wakes it
FIRST_PAUSE = 0.5  # seconds after a failure; doubled after each further one
LONGEST_PAUSE = 5.0


class Round:
    """One thing to be done every `every` real seconds. Whoever rings starts it, unless it is under way or backs off.

    `run` answers after how many seconds it wants to be done again, beside the regular times; None: it does not say.
    `failed` hears of each failure.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[], Awaitable[float | None]],
        *,
        every: float,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self.name, self.every = name, every
        self._run, self._failed = run, failed
        self._task: asyncio.Task[float | None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._began = self._ended = stopwatch()
        self._failures = 0
        self._again = self._closed = False
        # Whoever wakes a round may be in the midst of a request, whose id must not stand in the round's log lines.
        self._context = contextvars.copy_context()

    @property
    def under_way_s(self) -> float | None:
        """For how many seconds it has been under way; None: it is not."""
        return self._began() if self._task is not None else None

    def ring(self) -> None:
        """The regular time has come. One that is under way or backs off is left alone."""
        if self._task is None and not self._backs_off:
            self._start()

    def wake(self) -> None:
        """There may be something to do: do it soon, and once more if one is under way that may have looked before."""
        if self._task is not None:
            self._again = True
        elif not self._backs_off:
            self._in(GAP - self._ended())

    def cancel(self) -> None:
        """Break off the one under way, which has got stuck; what it did not commit has not happened."""
        if self._task is not None:
            self._task.cancel()

    async def close(self, *, within: float) -> None:
        """Begin no other, and let the one under way come to its end; after `within` seconds it is broken off."""
        self._closed = True
        self._drop_timer()
        if self._task is None:
            return
        task = self._task
        if not (await asyncio.wait({task}, timeout=within))[0]:
            _log.warning("broken off at the stop", what=self.name)
            task.cancel()
            await asyncio.wait({task}, timeout=within)

    def _in(self, seconds: float) -> None:
        if self._closed:
            return
        if seconds <= 0:
            self._start()
            return
        self._drop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._start, context=self._context)

    def _start(self) -> None:
        self._drop_timer()
        if self._closed or self._task is not None:
            return
        self._again = False
        self._began = stopwatch()
        self._task = asyncio.get_running_loop().create_task(
            self._once(), name=f"round: {self.name}", context=self._context.copy()
        )
        self._task.add_done_callback(self._over, context=self._context)

    async def _once(self) -> float | None:
        try:
            wish = await self._run()
        except Exception as error:  # noqa: BLE001 - whatever it was: it is told, and the next one comes
            self._tell(error)
            self._failures += 1
            self._failed()
            return min(FIRST_PAUSE * 2.0 ** min(self._failures - 1, 8), LONGEST_PAUSE)
        if self._failures:
            _log.info("works again", what=self.name, failures=self._failures)
        self._failures = 0
        return wish

    def _tell(self, error: Exception) -> None:
        if not isinstance(error, MilepostError):
            _log.error("failed", what=self.name, exc_info=error)
        elif self._failures == 0:  # a database that is away for an hour is one line, not thousands
            _log.warning("failed", what=self.name, reason=error.message)

    def _over(self, task: asyncio.Task[float | None]) -> None:
        self._task = None
        self._ended = stopwatch()
        wish = None if task.cancelled() else task.result()
        if self._again and not self._failures:
            wish = 0.0
        if wish is not None and (self._failures or wish < self.every):
            self._in(max(wish, GAP))

    @property
    def _backs_off(self) -> bool:
        return self._failures > 0 and self._timer is not None

    def _drop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
