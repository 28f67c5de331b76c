"""A tick: what is due now is fired and fanned out, in short transactions, until nothing is left."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import structlog

from service.gate.instants import has_own_clock, present, until
from service.gate.state import Gate
from service.gate.transaction import change
from service.kit.clock import speed_of
from service.kit.database import Session
from service.kit.failpoints import failpoint
from service.kit.stopwatch import stopwatch
from service.reminders.actions.firing import Fired, fire_due, tally
from service.reminders.store.due import first_due, next_fire_at
from service.runner.foresight import Foresight
from service.runner.sifting import Chosen, Sieve, tell_of_batch
from service.webhooks.actions.endpoints import Listeners
from service.webhooks.actions.fanning import BATCH as EVENTS
from service.webhooks.actions.fanning import fan_out, hold_events
from service.webhooks.store.events import first_waiting

_log = structlog.stdlib.get_logger("milepost.runner")

BATCH = 1_000  # firings a transaction: on SQLite nobody else can write meanwhile
MOST = 1_150  # where they have been made ready: they take no longer
LANES = 3  # transactions at once, on PostgreSQL, where more than a batch has been made ready
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
    """What turns events into deliveries: how to do it in a transaction, and which event waits for it first.

    `hold`: a transaction that will end with `work` need not write its own events before.
    """

    first: Callable[[Session, Collection[str]], Awaitable[str | None]]
    limit: int
    work: Callable[[Session, datetime, Chosen], Awaitable[int]]
    hold: Callable[[Session], None] = lambda _session: None


def to_webhooks(gate: Gate) -> FanOut:
    """The way of webhooks. Who listens is kept from one batch to the next."""
    listeners = Listeners()

    async def first(session: Session, without: Collection[str]) -> str | None:
        return await first_waiting(session, without=without)

    async def work(session: Session, now: datetime, chosen: Chosen) -> int:
        return await fan_out(
            session,
            now=now,
            limit=chosen.limit,
            without=chosen.without,
            only=chosen.only,
            listeners=listeners,
            speed=speed_of(gate.clock),
        )

    return FanOut(first, EVENTS, work, hold_events)


def rest(fired: int, *, seconds: float) -> float:
    """For how many seconds others go first after a batch of late firings that took so long: as long, or longer."""
    return max(seconds, fired / CATCH_UP_RATE - seconds)


class Ticks:
    """The ticks of one process. Several processes share the work: each claims other rows."""

    def __init__(self, gate: Gate, *, fan_out: FanOut | None = None, batch: int = BATCH) -> None:
        self._gate, self._fan_out = gate, fan_out or to_webhooks(gate)
        self._firings = Sieve("firing", most=batch, counter=gate.metrics.put_aside)
        self._events = Sieve("event", most=self._fan_out.limit, counter=gate.metrics.put_aside)
        self.foresight = Foresight(gate)
        self._stopping = asyncio.Event()
        self.delivers: Callable[[], None] = lambda: None  # hears of deliveries that were made

    def stop(self) -> None:
        """End after the transaction that is under way."""
        self._stopping.set()

    async def tick(self) -> float | None:
        """Do what is due. Answers in how many real seconds something else will be, 0 when something is left."""
        seconds = stopwatch()
        look = await self.look()
        # Other transactions beside the first, as other replicas' would be: while the server writes what one says, the
        # next can be put into words. On SQLite there is one writer.
        many = not self._gate.database.is_sqlite and len(self.foresight.drafts) > self._firings.most
        beside = [self._lane(look, seconds, first=False) for _ in range(LANES - 1)] if many else []
        lanes = [self._lane(look, seconds), *beside]
        ends = await asyncio.gather(*lanes, return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        look, finished = next(end for end in ends if not isinstance(end, BaseException))
        if not look.is_due and not self._stopping.is_set():
            await self.foresight.look_ahead(look.now, look.next_fire_at)
        self._gate.metrics.tick_seconds.observe(seconds())
        return self._wish(look, finished=finished)

    async def _lane(self, look: Look, seconds: Callable[[], float], *, first: bool = True) -> tuple[Look, bool]:
        """Batch after batch, until nothing is due or the tick has taken long enough: the last look, and whether nothing
        is left. Whoever is not the first ends where something fails: that is for one alone to look into.
        """
        finished = False
        while look.is_due and not finished and not self._stopping.is_set() and (first or self._is_whole):
            batch = stopwatch()
            fired, finished = await self._step(look)
            if not finished and seconds() >= LONG:
                break
            await self._give_way(fired, seconds=batch())
            look = await self._look_again(look, full=bool(fired) and not finished)
        return look, finished

    def _whole_batch(self) -> Chosen:
        chosen = self._firings.all
        return replace(chosen, limit=MOST) if len(self.foresight.drafts) >= chosen.limit else chosen

    @property
    def _is_whole(self) -> bool:
        return self._firings.is_whole and self._events.is_whole

    async def look(self) -> Look:
        """Whether something is due, without a lock: two reads of an index."""
        async with self._gate.database.read() as session:
            now = await present(session, self._gate)
            waits = await self._fan_out.first(session, self._events.without) is not None
            return Look(now, await next_fire_at(session, without=self._firings.without), waits)

    async def _look_again(self, look: Look, *, full: bool) -> Look:
        """After a full batch there will be another, so the database is asked for nothing but the time."""
        if full and self._is_whole and has_own_clock(self._gate):
            return replace(look, now=self._gate.clock.now())
        return await self.look()

    async def _step(self, look: Look) -> tuple[Sequence[Fired], bool]:
        """Do a batch; what it fired, and whether that was all. Answers "not all" where it failed and was made smaller.

        What others hold is theirs: finding none of it is the end too.
        """
        now = look.now
        if self._is_whole:
            try:
                return await self._fire(now, self._whole_batch())
            except Exception as error:  # noqa: BLE001 - one of them fails, or the one event that is fanned out with them
                tell_of_batch(error, "firing or event")
                self._firings.shrink(error)
                self._events.shrink(error)
                return (), False
        if look.events_wait:  # by themselves, so that it shows who is at fault
            return (), await self._events.run(partial(self._fan, now), self._first_event) == 0
        self._events.restore()
        done = await self._firings.run(partial(self._fire, now), partial(self._first_firing, now))
        return done or ((), False)

    async def _fire(self, now: datetime, chosen: Chosen) -> tuple[Sequence[Fired], bool]:
        """Fire and fan out, in one transaction.

        Events are written by the followers, which pull the facts of this very transaction; so they are fanned out last.
        A firing's end, its event and its deliveries are there together or not at all.
        """
        fanned = 0

        async def lastly(session: Session) -> None:
            nonlocal fanned
            fanned = await self._fan_out.work(session, now, self._events.all)
            failpoint("fire.written")

        async with self._changing(now, lastly) as session:
            self._fan_out.hold(session)
            fired = await fire_due(
                session,
                now=now,
                limit=chosen.limit,
                without=chosen.without,
                only=chosen.only,
                drafts=self.foresight.drafts,
            )
            self.foresight.lend(session)
            failpoint("fire.ended")
        failpoint("fire.committed")
        self.foresight.forget([one.firing.id for one in fired])
        self._count(fired)
        if fired or fanned:
            self.delivers()
        return fired, len(fired) < chosen.limit and fanned < self._events.most

    async def _fan(self, now: datetime, chosen: Chosen) -> int:
        """Fan out and nothing else; how many events."""
        async with self._changing(now) as session:
            fanned = await self._fan_out.work(session, now, chosen)
        self.delivers()
        return fanned

    def _changing(
        self, now: datetime, lastly: Callable[[Session], Awaitable[object]] | None = None
    ) -> AbstractAsyncContextManager[Session]:
        gate = self._gate
        return change(gate.database, now=now, zone=gate.settings.timezone, hearers=gate.hearers, lastly=lastly)

    async def _first_firing(self, now: datetime, without: Collection[str]) -> str | None:
        async with self._gate.database.read() as session:
            return await first_due(session, now=now, without=without)

    async def _first_event(self, without: Collection[str]) -> str | None:
        async with self._gate.database.read() as session:
            return await self._fan_out.first(session, without)

    def _count(self, fired: Sequence[Fired]) -> None:
        if not fired:
            return
        ended = tally(fired)
        for (kind, outcome), count in ended.items():
            self._gate.metrics.firings.labels(kind, outcome).inc(count)
        for lateness, count in Counter(one.lateness for one in fired if one.fact is not None).items():
            self._gate.metrics.lateness.observe_many(max(lateness.total_seconds(), 0.0), count)
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
