"""Small things that are done after an answer has left, and that no answer waits for."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from service.kit.errors import MilepostError

_log = structlog.stdlib.get_logger("milepost")


class Afterwards:
    """Runs each thing once at a time (by its name); a stop waits for those that are under way."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Do this soon, unless it is being done already."""
        if name in self._running:
            work.close()
            return
        task = asyncio.create_task(_quietly(name, work), name=name)
        self._running[name] = task
        task.add_done_callback(lambda _: self._running.pop(name, None))

    async def finish(self) -> None:
        """Wait for everything that was started."""
        while self._running:
            await asyncio.gather(*self._running.values())


async def _quietly(name: str, work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except MilepostError as error:
        # Nobody waits for it, and the next request starts it again.
        _log.warning("not done afterwards", what=name, reason=error.message)
