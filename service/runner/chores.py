"""The chores: what has to be done from time to time, so that what is due is there when it is due."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from service.access.actions import forget_answers
from service.feeds.actions.fetching import close_those_unused, stale_links, tell_stale
from service.feeds.actions.renewing import needs_renewal, note_renewal, renew
from service.feeds.actions.turning import needs_turning, turn_page
from service.gate.instants import present
from service.gate.state import Gate
from service.gate.transaction import change
from service.kit.actor import SERVICE
from service.kit.database import alone
from service.milestones.actions.following import refresh_dates
from service.reminders.actions.planning import extend_horizon
from service.runner.sifting import Chosen, Sieve
from service.webhooks.actions.clockwork import BATCH as ENDPOINTS
from service.webhooks.actions.clockwork import first_due, tell_the_time
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


async def renew_entries(gate: Gate) -> int:
    """Make the entries of feeds anew where a release shows them otherwise, or other days are worked."""
    zone, last, total = ZoneInfo(gate.settings.timezone), "", 0
    async with gate.database.read() as session:
        if not await needs_renewal(session):
            return 0
    while True:
        now = await _now(gate)
        async with gate.database.write() as session:
            await alone(session, "renew entries")
            reached = await renew(session, after=last, zone=zone, now=now)
            if reached is None:
                await note_renewal(session, now=now)
                return total
        last, total = reached, total + 1


async def tell_of_stale_feeds(gate: Gate) -> int:
    """Tell of links whose unit may not know that a due date moved."""
    now = await _now(gate)
    async with gate.database.read() as session:
        feeds = await stale_links(session, now=now)
    if not feeds:
        return 0
    async with change(gate.database, now=now, zone=gate.settings.timezone, hearers=gate.hearers) as session:
        return await tell_stale(session, feeds=feeds, now=now)


async def close_unused_feeds(gate: Gate) -> int:
    """Close links that nobody has fetched for as long as was agreed."""
    last: str | None = ""
    total = 0
    while last is not None:
        now = await _now(gate)
        async with change(gate.database, now=now, zone=gate.settings.timezone, hearers=gate.hearers) as session:
            closed, last = await close_those_unused(session, after=last, now=now)
        total += closed
    return total


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


class Telling:
    """Sends the digests and checkpoints whose time has come; an endpoint for which that fails keeps nobody waiting."""

    def __init__(self) -> None:
        self._sieve: Sieve | None = None

    async def __call__(self, gate: Gate) -> int:
        """Send what is due; how many."""
        sieve = self._sieve = self._sieve or Sieve("digest", most=ENDPOINTS, counter=gate.metrics.put_aside)
        total = 0
        while True:
            now = await _now(gate)
            if await _first_to_tell(gate, now, sieve.without) is None:
                return total
            told = await sieve.run(partial(_tell, gate, now), partial(_first_to_tell, gate, now))
            if told == 0:  # another process has them in hand
                return total
            total += told or 0


async def _tell(gate: Gate, now: datetime, chosen: Chosen) -> int:
    async with gate.database.write() as session:
        return await tell_the_time(
            session,
            now=now,
            zone=gate.settings.timezone,
            limit=chosen.limit,
            without=chosen.without,
            only=chosen.only,
        )


async def _first_to_tell(gate: Gate, now: datetime, without: Collection[str]) -> str | None:
    async with gate.database.read() as session:
        return await first_due(session, now=now, without=without)


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
        Chore("make entries of feeds anew", 60, renew_entries),
        Chore("tell of feeds that were not fetched", 60, tell_of_stale_feeds),
        Chore("close feeds that nobody uses", 3_600, close_unused_feeds),
        Chore("send digests and checkpoints", 1, Telling()),
        Chore("forget old answers", 3_600, forget),
        Chore("forget what receivers answered", 3_600, Forgetting()),
        Chore("replace signing keys", 3_600, replace_keys),
    )
