"""The chores: what has to be done from time to time, so that what is due is there when it is due."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from service.access.actions import forget_answers
from service.feeds.actions.turning import needs_turning, turn_page
from service.gate.instants import present
from service.gate.state import Gate
from service.gate.transaction import change
from service.kit.actor import SERVICE
from service.kit.database import alone
from service.milestones.actions.following import refresh_dates
from service.reminders.actions.planning import extend_horizon
from service.webhooks.actions.clockwork import any_due, tell_the_time
from service.webhooks.actions.signing import rotate_keys
from service.webhooks.store import answers

_log = structlog.stdlib.get_logger("milepost.runner")

BATCH = 100  # occurrences a transaction
PAGE = 500  # deliveries a look
ANSWERS_KEPT = timedelta(days=30)

# Does it, and answers how much there was to do.
Work = Callable[[Gate], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Chore:
    """Something that is done every `every` real seconds, once at the start. Any number of processes may do it."""

    name: str
    every: float
    work: Work

    async def run(self, gate: Gate) -> int:
        """Do it, and tell where there was something to do; how much there was."""
        if done := await self.work(gate):
            _log.info("done", what=self.name, count=done)
        return done


async def extend(gate: Gate) -> int:
    """Plan the notices that have come within the horizon, and those of occurrences that are older than reminders."""
    zone, total = ZoneInfo(gate.settings.timezone), 0
    while True:
        now = await _now(gate)
        async with change(gate.database, now=now, zone=gate.settings.timezone, hearers=gate.hearers) as session:
            planned = await extend_horizon(session, zone=zone, now=now, limit=BATCH)
        total += planned
        if planned < BATCH:
            return total


async def refresh(gate: Gate) -> int:
    """Compute anew what was dated with other statutory days than a new release brings."""
    now = await _now(gate)
    async with change(gate.database, now=now, zone=gate.settings.timezone, hearers=gate.hearers) as session:
        await alone(session, "refresh dates")
        return await refresh_dates(session, SERVICE, now=now)


async def forget(gate: Gate) -> int:
    """Drop the answers to creations that nobody will repeat any more."""
    async with gate.database.write() as session:
        await forget_answers(session, now=gate.clock.now())
    return 0


class Turning:
    """Turns the page of the feeds at the service's midnight. Asked every second, it asks the database once a day.

    Whoever hands out feeds does it too, before the first answer of the day; the second finds nothing left to do.
    """

    def __init__(self) -> None:
        self._turned_on: date | None = None

    async def __call__(self, gate: Gate) -> int:
        """Turn it, if the date is another one than when this was last done."""
        zone = ZoneInfo(gate.settings.timezone)
        today = gate.clock.now().astimezone(zone).date()
        if today == self._turned_on:
            return 0
        turned = 0
        async with gate.database.read() as session:
            needed = await needs_turning(session, today=today)
        if needed:
            async with gate.database.write() as session:
                turned = await turn_page(session, today=today, zone=zone)
        self._turned_on = today
        return turned


class Forgetting:
    """Drops what receivers answered when it is old; how each attempt ended stays.

    It goes through all deliveries once, in the order in which they were made, and then each time on from where it was.
    So it needs no index of what is left to do, which every attempt would have to pay for.
    """

    def __init__(self) -> None:
        self._place = answers.BEGINNING

    async def __call__(self, gate: Gate) -> int:
        """Go on as far as there is something old enough."""
        before, total = gate.host_clock.now() - ANSWERS_KEPT, 0
        while True:
            async with gate.database.read() as session:
                page = await answers.next_page(session, after=self._place, before=before, limit=PAGE)
                old = await answers.answered(session, [place.id for place in page])
            if old:
                async with gate.database.write() as session:
                    await answers.forget(session, old)
            total += len(old)
            if not page:
                return total
            self._place = page[-1]


async def tell(gate: Gate) -> int:
    """Send the digests and checkpoints whose time has come."""
    total = 0
    while True:
        now = await _now(gate)
        async with gate.database.read() as session:
            if not await any_due(session, now=now):
                return total
        async with gate.database.write() as session:
            told = await tell_the_time(session, now=now, zone=gate.settings.timezone)
        if not told:  # another process has them in hand
            return total
        total += told


async def _now(gate: Gate) -> datetime:
    async with gate.database.read() as session:
        return await present(session, gate)


async def replace_keys(gate: Gate) -> int:
    """Publish the next signing key a day before the present one has signed long enough; by the host's clock."""
    async with gate.database.write() as session:
        made = await rotate_keys(session, seals=gate.seals, now=gate.host_clock.now())
    return 0 if made is None else 1


def chores() -> tuple[Chore, ...]:
    """The chores of one process."""
    return (
        Chore("plan what comes within the horizon", 600, extend),
        Chore("date anew by other statutory days", 3_600, refresh),
        Chore("turn the page of the feeds", 1, Turning()),
        Chore("send digests and checkpoints", 1, tell),
        Chore("forget old answers", 3_600, forget),
        Chore("forget what receivers answered", 3_600, Forgetting()),
        Chore("replace signing keys", 3_600, replace_keys),
    )
