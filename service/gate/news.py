"""Requests that wait for news: one look at the database a second for all together, none while nobody waits."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from service.kit.errors import MilepostError, Throttled

LOOK_EVERY = 1.0  # real seconds
MOST_WAITING = 500  # at once, in this process: a wait costs a task and a connection
COME_BACK = 5  # seconds, for whoever finds the room full

_log = structlog.stdlib.get_logger("milepost")


class News:
    """Tells those who wait when there is a number beyond the one that they know. `look` asks for the last one.

    No database session is held while anybody waits.
    """

    def __init__(
        self, look: Callable[[], Awaitable[int]], *, most: int = MOST_WAITING, every: float = LOOK_EVERY
    ) -> None:
        self._look, self._most, self._every = look, most, every
        self._waiting: dict[asyncio.Future[None], int] = {}
        self._bell = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self._closed = False

    def ring(self) -> None:
        """Something new came about in this process: look at once."""
        self._bell.set()

    async def beyond(self, number: int, *, seconds: float) -> bool:
        """Wait until there is something after `number`; False: there was nothing for so long. Raises Throttled."""
        if self._closed:
            return False
        if len(self._waiting) >= self._most:
            raise Throttled("Too many wait for events already: ask again in a moment.", retry_after=COME_BACK)
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[told] = number
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look_out(), name="news")
        try:
            async with asyncio.timeout(seconds):
                await told
        except TimeoutError:
            return False
        finally:
            del self._waiting[told]
        return True

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    async def _look_out(self) -> None:
        while self._waiting:
            self._bell.clear()
            try:
                self._tell(await self._look())
            except MilepostError as error:
                _log.warning("no look at the news", reason=error.message)  # the next one may do better
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await self._bell.wait()

    def _tell(self, last: int) -> None:
        for told, number in self._waiting.items():
            if number < last and not told.done():
                told.set_result(None)

    def let_go(self) -> None:
        """Let everybody go, and nobody wait any more."""
        self._closed = True
        for told in self._waiting:
            if not told.done():
                told.set_result(None)

    async def close(self) -> None:
        """Let everybody go, and end."""
        self.let_go()
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
