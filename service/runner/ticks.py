"""A tick: what is due now is fired and fanned out, in short transactions, until nothing is left."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from service.gate.instants import present, until
from service.gate.state import Gate
from service.gate.transaction import change
from service.kit.clock import speed_of, stopwatch
from service.kit.database import Session
from service.kit.failpoints import failpoint
from service.reminders.actions.firing import Fired, fire_due, tally
from service.reminders.store.due import next_fire_at
from service.webhooks.actions.endpoints import Listeners
from service.webhooks.actions.fanning import BATCH as EVENTS
from service.webhooks.actions.fanning import fan_out
from service.webhooks.store.events import any_waiting

_log = structlog.stdlib.get_logger("milepost.runner")

BATCH = 1_000  # firings a transaction: on SQLite nobody else can write meanwhile
LONG = 2.0  # seconds; a tick ends then, and another one follows, so that its end can be looked for
LATE = 60.0  # real seconds; what is later waits since the service was away, and need not hurry
CATCH_UP_RATE = 2_000  # firings a second, at most, when catching up


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the database found. Nearly every tick ends with it."""

    now: datetime
    next_fire_at: datetime | None
    events_wait: bool = False

    @property
    def is_due(self) -> bool:
        """Whether there is something to do now."""
        return self.events_wait or (self.next_fire_at is not None and self.next_fire_at <= self.now)


@dataclass(frozen=True, slots=True)
class FanOut:
    """What turns events into deliveries: how to do it in a transaction, and whether some wait for it."""

    waits: Callable[[Session], Awaitable[bool]]
    limit: int
    work: Callable[[Session, datetime, int], Awaitable[int]]


def to_webhooks(gate: Gate) -> FanOut:
    """The way of webhooks. Who listens is kept from one batch to the next."""
    listeners = Listeners()

    async def work(session: Session, now: datetime, limit: int) -> int:
        return await fan_out(session, now=now, limit=limit, listeners=listeners, speed=speed_of(gate.clock))

    return FanOut(any_waiting, EVENTS, work)


def rest(fired: int, *, seconds: float) -> float:
    """For how many seconds others go first after a batch of late firings that took so long: as long, or longer."""
    return max(seconds, fired / CATCH_UP_RATE - seconds)


class Ticks:
    """The ticks of one process. Several processes share the work: each claims other rows."""

    def __init__(self, gate: Gate, *, fan_out: FanOut | None = None, batch: int = BATCH) -> None:
        self._gate, self._fan_out, self._batch = gate, fan_out or to_webhooks(gate), batch
        self._stopping = asyncio.Event()
        self.delivers: Callable[[], None] = lambda: None  # hears of deliveries that were made

    def stop(self) -> None:
        """End after the transaction that is under way."""
        self._stopping.set()

    async def tick(self) -> float | None:
        """Do what is due. Answers in how many real seconds something else will be, 0 when something is left."""
        seconds = stopwatch()
        finished = False
        look = await self.look()
        while look.is_due and not finished and not self._stopping.is_set():
            batch = stopwatch()
            fired, finished = await self._transaction(look.now)
            if not finished and seconds() >= LONG:
                break
            await self._give_way(fired, seconds=batch())
            look = await self.look()
        self._gate.metrics.tick_seconds.observe(seconds())
        return self._wish(look, finished=finished)

    async def look(self) -> Look:
        """Whether something is due, without a lock: two reads of an index."""
        async with self._gate.database.read() as session:
            now = await present(session, self._gate)
            return Look(now, await next_fire_at(session), await self._fan_out.waits(session))

    async def _transaction(self, now: datetime) -> tuple[list[Fired], bool]:
        """Fire and fan out once; whether that was all. What others hold is theirs: finding none of it is the end too.

        Events are written by the followers, which pull the facts of this very transaction; so they are fanned out last.
        A firing's end, its event and its deliveries are there together or not at all.
        """
        fanned = 0

        async def lastly(session: Session) -> None:
            nonlocal fanned
            fanned = await self._fan_out.work(session, now, self._fan_out.limit)
            failpoint("fire.written")

        gate = self._gate
        async with change(
            gate.database, now=now, zone=gate.settings.timezone, hearers=gate.hearers, lastly=lastly
        ) as session:
            fired = await fire_due(session, now=now, limit=self._batch)
            failpoint("fire.ended")
        failpoint("fire.committed")
        self._count(fired)
        if fanned:
            self.delivers()
        return fired, len(fired) < self._batch and fanned < self._fan_out.limit

    def _count(self, fired: Sequence[Fired]) -> None:
        if not fired:
            return
        ended = tally(fired)
        for (kind, outcome), count in ended.items():
            self._gate.metrics.firings.labels(kind, outcome).inc(count)
        for one in fired:
            if one.fact is not None:
                self._gate.metrics.lateness.observe(max(one.lateness.total_seconds(), 0.0))
        told = {" ".join(how): count for how, count in sorted(ended.items())}
        late = round(fired[0].lateness.total_seconds(), 3)  # they come the oldest first
        _log.info("fired", count=len(fired), ended=told, lateness_s=late)

    async def _give_way(self, fired: Sequence[Fired], *, seconds: float) -> None:
        pause = rest(len(fired), seconds=seconds) if fired and self._is_late(fired[0]) else 0.0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._stopping.wait()

    def _is_late(self, oldest: Fired) -> bool:
        real = until(self._gate, oldest.firing.fire_at + oldest.lateness, now=oldest.firing.fire_at)
        return real is None or real > LATE

    def _wish(self, look: Look, *, finished: bool) -> float | None:
        if look.is_due:
            # Of what others hold at this moment nothing is left when they are done.
            return None if finished else 0.0
        if look.next_fire_at is None:
            return None
        return until(self._gate, look.next_fire_at, now=look.now)
