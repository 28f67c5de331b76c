"""Sending what is due: claim, send, settle, over and over, as long as the process lives."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from service.gate.state import Gate
from service.gate.transaction import change
from service.kit.database import Session
from service.kit.errors import MilepostError, Unavailable
from service.kit.failpoints import failpoint
from service.kit.stopwatch import stopwatch
from service.reminders.store.due import database_now
from service.runner.attempting import Attempting, not_sent
from service.runner.sifting import Chosen, Sieve, tell_of_batch
from service.runner.supervising import Signals
from service.webhooks.actions.claiming import (
    DEADLINE,
    LEASE,
    MOST_ENDPOINTS,
    Claim,
    Claimed,
    check_lease,
    claim,
    first_due,
    look,
)
from service.webhooks.actions.endpoints import Target
from service.webhooks.actions.settling import Finished, settle
from service.webhooks.actions.targeting import Targets

_log = structlog.stdlib.get_logger("milepost.runner")

AT_ONCE = 450  # attempts under way in one process; `kit.outbound` opens 500 connections
AHEAD = 4  # times as many may wait for their place in it, where attempts end that quickly
QUICK_MS = 1_000  # an attempt that took no longer
LOOKS_EVERY = 1.0  # seconds
LOOKS_LATER = 0.2  # seconds after a claim that left nothing
GATHERS, GATHERINGS = 0.002, 10  # seconds, and how often; what ends meanwhile is settled together
PAUSE = 0.5  # seconds after a transaction that failed
LONG_PAUSE = 5.0  # seconds, where nothing can be claimed at all
GRACE = 5.0  # seconds for what is under way at a stop; the rest comes up again when its lease ends
# How old a claim may be when its message is sent: a process that stood still since must not send under a lease that
# ends before the attempt does.
NOT_SENT = "not sent: it waited too long for its turn"
MOST_AGE = (LEASE - 2 * DEADLINE).total_seconds()


async def deliver(gate: Gate, signals: Signals) -> None:
    """The loop: deliver until `signals.stopping` is set, and then end within seconds. Raises what it cannot mend."""
    check_lease()
    await Sender(gate, signals, Attempting(gate, await gate.outside.client())).run()


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """Attempts that were claimed together: `age` says for how many seconds they have been."""

    age: Callable[[], float]
    targets: Mapping[str, Target]


_Taken = tuple[Claim, Mapping[str, Target]]


class Sender:
    """Sends for one process. At most `at_once` attempts are under way; each endpoint has its own cap beside that, so
    one that hangs takes its few places and nobody else's.

    While attempts end quickly, as many as did so lately are claimed beyond that, so that there is something to send
    while the next transaction runs. Where they hang, nothing is: it would wait for a place while its lease ends.
    """

    def __init__(
        self, gate: Gate, signals: Signals, attempting: Attempting, *, at_once: int = AT_ONCE, grace: float = GRACE
    ) -> None:
        self._gate, self._signals, self._attempting = gate, signals, attempting
        self._at_once, self._grace = at_once, grace
        self._targets = Targets(gate.seals)
        self._under_way: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(at_once)
        self._ahead, self._since = 0, stopwatch()
        self._finished: list[Finished] = []
        self._stirred = asyncio.Event()  # something finished, something is due, or the end has come
        self._looks = True
        self._looks_later = False
        self._endpoints = Sieve("endpoint", most=MOST_ENDPOINTS, counter=gate.metrics.put_aside)

    async def run(self) -> None:
        """Send until the stop."""
        listening = [
            asyncio.create_task(self._hear(), name="sender hears of deliveries"),
            asyncio.create_task(self._hear_the_stop(), name="sender hears of the stop"),
        ]
        try:
            while not self._signals.stopping.is_set():
                await self._turn()
            await self._end()
        finally:
            for task in (*listening, *self._under_way):
                task.cancel()
            await asyncio.gather(*listening, *self._under_way, return_exceptions=True)

    async def _hear(self) -> None:
        while True:
            await self._signals.deliveries.wait()
            self._signals.deliveries.clear()
            self._looks = True
            self._stirred.set()

    async def _hear_the_stop(self) -> None:
        await self._signals.stopping.wait()
        self._stirred.set()

    async def _turn(self) -> None:
        """Settle what has ended and claim what may go, in one transaction; or wait until there is something."""
        if self._finished:
            await self._gather()
        elif not (self._looks and self._has_room and await self._look()):
            await self._wait(LOOKS_EVERY)
            return
        try:
            await self._transact()
        except MilepostError as error:
            # What ended is kept, and settled when the database is back; if that takes too long its lease has passed.
            _log.warning("deliveries were not settled", reason=error.message, count=len(self._finished))
            await self._wait(PAUSE)
            self._looks = True

    @property
    def _has_room(self) -> bool:
        return len(self._under_way) < self._at_once + self._ahead

    async def _gather(self) -> None:
        """Let others end too, as many as are still under way: a commit costs the same for one as for many."""
        for _ in range(GATHERINGS):
            if len(self._finished) >= len(self._under_way):
                return
            await asyncio.sleep(GATHERS)

    async def _look(self) -> bool:
        """Whether something is due, without a lock; if nothing is, look again when the next thing will be."""
        self._looks = False  # before it looks: what comes about meanwhile must be looked for again
        try:
            async with self._gate.database.read() as session:
                found = await look(session, within=LOOKS_EVERY, without=self._endpoints.without)
        except MilepostError as error:
            _log.warning("nobody can see what is due", reason=error.message)
            return False
        if found.is_due:
            return True
        self._endpoints.restore()
        if found.next_in is not None:
            asyncio.get_running_loop().call_later(found.next_in, self._stir)
        return False

    def _look_later(self) -> None:
        """Each settlement claims as well, so that there is no hurry; but the last one is followed by none."""
        if not self._looks_later:
            self._looks_later = True
            asyncio.get_running_loop().call_later(LOOKS_LATER, self._later)

    def _later(self) -> None:
        self._looks_later = False
        self._stir()

    def _stir(self) -> None:
        self._looks = True
        self._stirred.set()

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stirred.wait()
        except TimeoutError:
            self._looks = True
        self._stirred.clear()

    async def _transact(self) -> None:
        ended, self._finished = self._finished, []
        try:
            done = await self._settle_and_take(ended)
        except Unavailable:
            self._finished = ended + self._finished
            raise
        if done is None:
            self._looks = True
            return
        taken, targets = done
        failpoint("deliver.claimed")
        self._looks = taken.left or self._looks
        self._look_later()
        self._start(taken.taken, _UnderWay(stopwatch(), targets))

    async def _settle_and_take(self, ended: list[Finished]) -> _Taken | None:
        """None: something failed, and less of it is done next time. Raises Unavailable; what stays in `ended` then is
        not settled.
        """
        if not self._endpoints.is_whole:
            return await self._sift(ended)
        try:
            return await self._settle_and_claim(ended, self._endpoints.all)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one of those that ended, or of those that are due
            tell_of_batch(error, "attempt or endpoint")
            self._endpoints.shrink(error)
            await self._settle_each(ended)
            return None

    async def _sift(self, ended: list[Finished]) -> _Taken | None:
        """Something failed lately: settle one by one, and claim for fewer until it shows at whose endpoint it is."""
        await self._settle_each(ended)
        try:
            return await self._endpoints.run(partial(self._settle_and_claim, ()), self._first_endpoint)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - too many fail for one of them to be at fault
            _log.exception("nothing can be claimed", pause_s=LONG_PAUSE)
            await self._rest(LONG_PAUSE)
            return None

    async def _rest(self, seconds: float) -> None:
        """Do nothing for so long, whatever ends or is due; the stop alone ends it sooner."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._signals.stopping.wait()

    async def _first_endpoint(self, without: Collection[str]) -> str | None:
        async with self._gate.database.read() as session:
            return await first_due(session, without=without)

    async def _settle_and_claim(self, ended: Sequence[Finished], chosen: Chosen) -> _Taken:
        gate, stopping = self._gate, self._signals.stopping.is_set()
        now, targets = gate.clock.now(), dict[str, Target]()
        self._look_ahead(sum(one.duration_ms is not None and one.duration_ms < QUICK_MS for one in ended))
        room = 0 if stopping else max(self._at_once + self._ahead - len(self._under_way), 0)
        async with change(gate.database, now=now, zone=gate.settings.timezone, hearers=gate.hearers) as session:
            real = gate.host_clock.now() if gate.database.is_sqlite else await database_now(session)
            await self._settle(session, ended, real=real)
            taken = await claim(
                session, limit=room, now=real, endpoints=chosen.limit, without=chosen.without, only=chosen.only
            )
            if taken.taken:
                revisions = {one.endpoint: one.revision for one in taken.taken}
                targets = await self._targets.ask(session, revisions, now=taken.now)
        failpoint("settle.committed")
        return taken, targets

    def _look_ahead(self, quick: int) -> None:
        """How many may be claimed beyond those under way, after so many ended quickly; it falls as time passes."""
        lately = int(self._ahead * max(1 - self._since(), 0))
        self._ahead, self._since = min(max(quick, lately), AHEAD * self._at_once), stopwatch()

    async def _settle(self, session: Session, ended: Sequence[Finished], *, real: datetime | None = None) -> None:
        if not ended:
            return
        done = await settle(session, ended, service_now=self._gate.clock.now(), now=real)
        if done.late:
            _log.warning("attempts came to their end after their lease", count=done.late)

    async def _settle_each(self, ended: list[Finished]) -> None:
        """One that cannot be settled must not keep the others from it; it comes up again when its lease ends.

        Takes from `ended` what it has done. Raises Unavailable.
        """
        gate = self._gate
        while ended:
            one = ended[0]
            try:
                async with change(gate.database, now=gate.clock.now(), zone=gate.settings.timezone) as session:
                    await self._settle(session, [one])
            except Unavailable:
                raise
            except Exception:  # noqa: BLE001 - whatever is wrong with it: it is told, and tried again later
                _log.exception("an attempt could not be settled", delivery=one.claimed.delivery)
            ended.pop(0)

    def _start(self, taken: Sequence[Claimed], under_way: _UnderWay) -> None:
        for one in taken:
            task = asyncio.create_task(self._attempt(one, under_way))
            self._under_way.add(task)
            task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._stirred.set()

    async def _attempt(self, one: Claimed, under_way: _UnderWay) -> None:
        async with self._places:
            if under_way.age() > MOST_AGE:
                _log.warning("not sent: its lease is nearly over", delivery=one.delivery)
                finished = not_sent(one, NOT_SENT)
            else:
                finished = await self._attempting.make(one, under_way.targets.get(one.endpoint))
        self._finished.append(finished)  # looked up now: what has ended is handed over as a whole meanwhile

    async def _end(self) -> None:
        """Wait a while for what is under way, settle what has ended. The rest comes up again when its lease ends."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._grace)
        if self._finished:
            with contextlib.suppress(MilepostError):
                await self._transact()
        if self._under_way:
            _log.warning("broken off at the stop", attempts=len(self._under_way))
