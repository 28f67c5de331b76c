"""Deliveries from one end to the other: `python -m tests.benchmarks.delivering` (`--quick`: a rough idea).

Ten thousand notices fall due in the same second. The service's own ticks fire them and its own sender delivers them,
signed, guarded and settled, to a sink in a process of its own; then a bare loop of the same client posts as much to the
same sink, and httpx as one writes it first. After that a hundred endpoints, of which one never answers.
"""

import asyncio
import contextlib
import ipaddress
import statistics
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import uvloop
from sqlmodel import func, select

from service.gate.state import Gate
from service.gate.transaction import change
from service.kit import log
from service.kit.actor import COMMAND
from service.kit.clock import SimulatedClock
from service.kit.database import Database
from service.kit.memory import keep_what_is_loaded
from service.kit.outbound.client import Outbound
from service.runner.attempting import Attempting
from service.runner.sending import Sender
from service.runner.supervising import Signals
from service.runner.ticks import Ticks
from service.settings import Settings
from service.webhooks.actions.enrolling import Address, Setting, create_endpoint
from service.webhooks.models import Attempt, Delivery
from service.webhooks.rules.asking import Asked
from service.webhooks.rules.words import DeliveryStatus
from tests.benchmarks.outbound import AT_ONCE, CLIENTS, Round, rounds_of, sinking
from tests.benchmarks.tables import Say, say, table
from tests.benchmarks.world import NOW, Make, fill, on_postgresql, on_sqlite

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]
SECRET = "a secret that only measurements know, long enough"
LEASED = 8 * AT_ONCE  # that the endpoint lets a worker hold: sent, waiting to be, or waiting to be settled
MANY = 100  # endpoints
TASKS = 20  # events for each of them


@dataclass(frozen=True)
class Cost:
    """What so many took: seconds by the wall, and of this process's processor time."""

    count: int
    wall: float
    own: float

    @property
    def a_second(self) -> float:
        return self.count / self.wall

    @property
    def a_cpu_second(self) -> float:
        return self.count / self.own


class _Watched(Sender):
    """A sender that tells when it has settled so many attempts; to ask the database would be work of its own."""

    def __init__(self, *given: Any, settles: int) -> None:
        super().__init__(*given, at_once=AT_ONCE, grace=0.1)
        self._left = settles
        self.done = asyncio.Event()

    async def _settle_and_claim(self, ended: Any, chosen: Any) -> Any:
        done = await super()._settle_and_claim(ended, chosen)
        self._left -= len(ended)
        if self._left <= 0:
            self.done.set()
        return done


@dataclass
class Office:
    """A gate on a database, with the ticks and the sender of one process."""

    gate: Gate
    outbound: Outbound

    async def endpoint(self, url: str, *, concurrency: int) -> str:
        """An endpoint that hears of every due notice; its id."""
        async with change(self.gate.database, now=NOW) as session:
            made = await create_endpoint(
                session,
                COMMAND,
                address=Address(url, "127.0.0.1"),
                asked=Asked(),
                headers={},
                values={"types": ["occurrence.due"], "concurrency": concurrency},
                setting=Setting(self.gate.seals, "Asia/Shanghai", self.gate.host_clock.now()),
                now=NOW,
            )
            return made.row.id

    async def fire(self, count: int) -> Cost:
        """Tick until nothing is due: firings have ended, events and deliveries are stored."""
        ticks = Ticks(self.gate)
        wall, own = time.perf_counter(), time.process_time()
        while (await ticks.tick()) == 0.0:
            pass
        return Cost(count, time.perf_counter() - wall, time.process_time() - own)

    async def deliver(self, count: int) -> Cost:
        """Send until so many are delivered."""
        signals = Signals()
        wall, own = time.perf_counter(), time.process_time()
        watched = _Watched(self.gate, signals, Attempting(self.gate, self.outbound), settles=count)
        sender = asyncio.create_task(watched.run())
        await watched.done.wait()
        cost = Cost(count, time.perf_counter() - wall, time.process_time() - own)
        signals.stopping.set()
        await sender
        delivered = await self._delivered()
        assert delivered >= count, f"{delivered} of {count} arrived"
        return cost

    async def _delivered(self) -> int:
        query = select(func.count()).where(Delivery.status == DeliveryStatus.DELIVERED.value)
        async with self.gate.database.read() as session:
            return (await session.exec(query)).one()

    async def waits(self, endpoint: str, since: datetime) -> list[float]:
        """How long after `since` each delivery to the others ended, in milliseconds."""
        query = select(Attempt.ended_at).join(Delivery).where(Delivery.endpoint != endpoint)
        async with self.gate.database.read() as session:
            ended = (await session.exec(query)).all()
        return [(each - since).total_seconds() * 1_000 for each in ended if each is not None]


@contextlib.asynccontextmanager
async def office_on(url: str) -> AsyncIterator[Office]:
    """An office on a database, at the instant for which its notices are planned."""
    database = Database(url)
    gate = Gate(Settings(secret=SECRET, public_url="https://milepost.test"), database, SimulatedClock(NOW, 1))
    async with Outbound(allow_networks=LOOPBACK) as outbound:
        yield Office(gate, outbound)
    await gate.close()
    await database.close()


@contextlib.asynccontextmanager
async def _silence() -> AsyncIterator[int]:
    """A port at which everybody is let in and nobody gets an answer."""
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _end_to_end(url: str, sink: int, count: int) -> tuple[Cost, Cost]:
    async with office_on(url) as office:
        await office.endpoint(f"http://127.0.0.1:{sink}/hook", concurrency=LEASED)
        fired = await office.fire(count)
        return fired, await office.deliver(count)


async def _beside_a_dead_one(url: str, sink: int, *, dead: bool) -> float:
    """The slowest 1 % of the deliveries to ninety-nine endpoints, in milliseconds."""
    async with office_on(url) as office, _silence() as nobody:
        last = await office.endpoint(f"http://127.0.0.1:{nobody if dead else sink}/hook", concurrency=4)
        for _ in range(MANY - 1):
            await office.endpoint(f"http://127.0.0.1:{sink}/hook", concurrency=4)
        await office.fire(TASKS)
        since = office.gate.host_clock.now()
        await office.deliver((MANY - 1) * TASKS)
        return statistics.quantiles(await office.waits(last, since), n=100)[98]


def run(say: Say, *, quick: bool = False) -> None:
    """Measure on both databases."""
    log.configure(level="error", style="text")
    keep_what_is_loaded()  # as every process of the service does; the bare loops have the good of it too
    count, rounds = (1_000, 1) if quick else (10_000, 3)
    rows: list[tuple[str, ...]] = []
    apart: list[tuple[str, ...]] = []
    with sinking() as sink, on_sqlite() as files, on_postgresql() as server:
        databases = {"SQLite": files, "PostgreSQL": server}
        plain = rounds_of(CLIENTS["httpx"], sink, posts=count // 20, rounds=rounds)
        turns: dict[str, list[_Turn]] = {name: [] for name in databases}
        for _ in range(rounds):
            for name, make in databases.items():
                turns[name].append(_turn(make, sink, count))
        for name, found in turns.items():
            rows.append(_told(name, found, plain))
        apart += [_apart(name, make, sink, rounds) for name, make in databases.items()]
    columns = (
        "",
        "fired, a second",
        "sent, a second",
        "bare loop beside it",
        "of the bare loop",
        "times plain",
        "sent, a CPU second",
        "of the bare loop's",
    )
    title = f"{count:,} notices due in one second, {AT_ONCE} sent at once, {rounds} rounds; httpx, plain: "
    table(say, f"{title}{plain.a_second:,.0f} a second", columns, rows)
    heads = ("database", "p99 with all well", "p99 with one dead", "ratio")
    table(say, f"{MANY} endpoints, {TASKS} notices each, {rounds} rounds; milliseconds", heads, apart)


@dataclass(frozen=True)
class _Turn:
    """Firing and delivering once, and the bare loop right before and after: neighbours come and go within seconds."""

    fired: Cost
    sent: Cost
    bare: tuple[Round, Round]

    @property
    def bare_a_second(self) -> float:
        return statistics.mean(each.a_second for each in self.bare)

    @property
    def bare_a_cpu_second(self) -> float:
        return statistics.mean(each.a_cpu_second for each in self.bare)


def _turn(make: Make, sink: int, count: int) -> _Turn:
    url = make()
    asyncio.run(fill(url, due=count, waiting=0))
    before = rounds_of(CLIENTS["ours"], sink, posts=count // 2, rounds=1)
    fired, sent = uvloop.run(_end_to_end(url, sink, count))
    return _Turn(fired, sent, (before, rounds_of(CLIENTS["ours"], sink, posts=count // 2, rounds=1)))


def _told(name: str, turns: list[_Turn], plain: Round) -> tuple[str, ...]:
    """Medians over the turns; a ratio is taken within each."""
    median = statistics.median
    return (
        name,
        f"{median(turn.fired.a_second for turn in turns):,.0f}",
        f"{median(turn.sent.a_second for turn in turns):,.0f}",
        f"{median(turn.bare_a_second for turn in turns):,.0f}",
        f"{median(turn.sent.a_second / turn.bare_a_second for turn in turns):.2f}",
        f"{median(turn.sent.a_second for turn in turns) / plain.a_second:.1f}",
        f"{median(turn.sent.a_cpu_second for turn in turns):,.0f}",
        f"{median(turn.sent.a_cpu_second / turn.bare_a_cpu_second for turn in turns):.2f}",
    )


def _apart(name: str, make: Make, sink: int, rounds: int) -> tuple[str, ...]:
    slowest: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for dead, found in slowest.items():
            url = make()
            asyncio.run(fill(url, due=TASKS, waiting=0))
            found.append(uvloop.run(_beside_a_dead_one(url, sink, dead=dead)))
    well, ill = (statistics.median(slowest[dead]) for dead in (False, True))
    return (name, f"{well:,.0f}", f"{ill:,.0f}", f"{ill / well:.2f}")


if __name__ == "__main__":
    run(say, quick="--quick" in sys.argv[1:])
