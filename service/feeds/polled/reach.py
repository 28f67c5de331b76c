"""Asking the database with limited patience: a poll must never wait for an outage to end."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import structlog

_log = structlog.stdlib.get_logger("milepost.feeds")

Found = TypeVar("Found")

PAUSE = 1.0  # seconds
PATIENCE = 3.0  # seconds for the database while there is something good to send
LONG_PATIENCE = 10.0  # and while there is nothing
LOOK_PATIENCE = 120.0  # turning the page of a large service takes a while


class Unreached(Exception):
    """The database gave no answer, or none in time."""


class Reach:
    """Whether the database can be reached, as far as is known. The log hears of it when that changes, not each time."""

    def __init__(self) -> None:
        self.away = False
        self._pause_until = 0.0

    @property
    def pauses(self) -> bool:
        """Whether it was found away a moment ago. Whoever has something good to send then need not try."""
        return self.away and monotonic() < self._pause_until

    async def ask(self, question: Awaitable[Found], *, patience: float) -> Found:
        """The answer to a question that reads from the database. Raises Unreached."""
        try:
            async with asyncio.timeout(patience):
                found = await question
        except Exception as error:
            # Whatever it was (an outage, a migration under way, a full disk), there may be good bytes to send.
            self._note(away=True, reason=repr(error))
            self._pause_until = monotonic() + PAUSE
            raise Unreached from error
        self._note(away=False)
        return found

    def _note(self, *, away: bool, reason: str = "") -> None:
        if away and not self.away:
            _log.warning("feeds go out as they were: the database gives no answer", reason=reason)
        if self.away and not away:
            _log.info("feeds are up to date again")
        self.away = away


def monotonic() -> float:
    """Seconds that never jump, whatever clock the service has been given."""
    return asyncio.get_running_loop().time()
