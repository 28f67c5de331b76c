"""Before many notices fall due at once, they are made ready: at their time they only have to be written down."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from service.gate.instants import until
from service.gate.state import Gate
from service.kit.database import Session
from service.kit.errors import Unavailable
from service.kit.stopwatch import stopwatch
from service.reminders.actions.drafting import Drafts
from service.webhooks.actions.wording import Wordings

_log = structlog.stdlib.get_logger("milepost.runner")

LEAD = 30.0  # seconds, real ones and the service's, before their time
STOPS = 0.5  # real seconds before the next one is due
SLICE = 0.5  # seconds of a look ahead: what becomes due meanwhile waits for its end
PORTION = 250  # at once; the loop is busy with them for some thirty milliseconds
ANEW = 5.0  # seconds, at least, from one beginning to the next: where something is edited all the time


class Foresight:
    """The notices that one process has made ready."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.drafts, self.wordings = Drafts(), Wordings()
        self._begun: Callable[[], float] | None = None

    async def look_ahead(self, now: datetime, next_fire_at: datetime | None) -> None:
        """Make ready what falls due soon; nothing is due at this moment.

        Where that fails (a row that cannot be read) nothing is ready, and the tick goes on: at its time the one that is
        at fault is found and put aside. Raises Unavailable.
        """
        try:
            await self._look_ahead(now, next_fire_at)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - whatever it is: what is not ready goes out all the same
            _log.warning("nothing could be made ready", exc_info=True)
            self._clear()
            self._begun = stopwatch()

    async def _look_ahead(self, now: datetime, next_fire_at: datetime | None) -> None:
        if next_fire_at is None or next_fire_at - now > timedelta(seconds=LEAD):
            self._clear()
            return
        real, seconds = until(self._gate, next_fire_at, now=now), stopwatch()
        if real is None or real > LEAD or not await self._may_go_on():
            return
        while self.drafts.begun and seconds() < min(SLICE, real - STOPS):
            async with self._gate.database.read() as session:
                made = await self.drafts.add(session, until=now + timedelta(seconds=LEAD), limit=PORTION)
                await self.wordings.add(session, made)
            if not made:
                break

    async def _may_go_on(self) -> bool:
        """Whether what is ready is true so far; where it is not, a beginning is made at the next look."""
        if not self.drafts.begun:
            if self._begun is not None and self._begun() < ANEW:
                return False
            self.wordings.clear()
            async with self._gate.database.read() as session:
                if await self.drafts.begin(session):
                    self._begun = stopwatch()
            return self.drafts.begun
        async with self._gate.database.read() as session:
            await self.drafts.review(session)
        return self.drafts.begun

    def lend(self, session: Session) -> None:
        """Let those who follow in this transaction have what is ready for those that go out in it."""
        self.wordings.lend(session, self.drafts)

    def forget(self, firings: list[str]) -> None:
        """These have ended."""
        self.drafts.forget(firings)
        if not len(self.drafts):
            self._clear()

    def _clear(self) -> None:
        if self.drafts.begun:
            self.drafts.clear()
            self.wordings.clear()
