"""Reminders that are due: `python -m tests.benchmarks.firing` (`--quick`: a rough idea).

Ten thousand notices are due in the same second, each of another task that two units answer for, and one endpoint wants
them all. The service's own ticks run as they do in life, some seconds before and on, and each batch that is committed
(firings ended, events and deliveries stored) is timed against the instant for which they were planned. Processor time
is told beside it, which a busy neighbour hardly disturbs: of this process, and of PostgreSQL's. Then what a tick costs
that finds nothing, and what it takes in memory, while a thousand or a million others wait.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import uvloop

from service.kit import log
from service.kit.clock import SimulatedClock
from service.kit.database import Database
from service.kit.memory import keep_what_is_loaded
from service.reminders.actions.firing import Fired, fire_due
from service.reminders.store.due import next_fire_at
from service.runner.ticks import Ticks
from tests.benchmarks.delivering import office_on
from tests.benchmarks.load import cpu_seconds_of_all, resident_mb
from tests.benchmarks.outbound import AT_ONCE
from tests.benchmarks.tables import Say, say, table
from tests.benchmarks.world import NOW, fill, on_postgresql, on_sqlite

DUE = 10_000
AHEAD = 10.0  # seconds before their time at which the service is started: enough to make them ready


def run(say: Say, *, quick: bool = False) -> None:
    """Everything about firing."""
    log.configure(level="error", style="text")
    keep_what_is_loaded()  # as every process of the service does
    due, rounds, pending = (1_000, 1, (1_000, 20_000)) if quick else (DUE, 5, (1_000, 1_000_000))
    rows: list[tuple[str, ...]] = []
    for name, database_of in (("SQLite", on_sqlite), ("PostgreSQL", on_postgresql)):
        with database_of() as make:
            for told, ahead in (("made ready before", AHEAD), ("not foreseen", 0.0)):
                found = []
                for _ in range(rounds):
                    url = make()
                    asyncio.run(fill(url, due=due, waiting=0))
                    found.append(uvloop.run(_burst(url, due, ahead=ahead)))
                rows.append((f"{name}, {told}", *_told(found)))
    columns = ("", "half stored after", "p99", "at best", "own processor time", "the server's")
    table(say, f"{due:,} notices due in one second, medians of {rounds}; seconds", columns, rows)
    for name, database_of in (("SQLite", on_sqlite), ("PostgreSQL", on_postgresql)):
        with database_of() as make:
            for waiting in pending:
                url = make()
                asyncio.run(fill(url, due=0, waiting=waiting))
                command = [sys.executable, "-m", "tests.benchmarks.firing", "--hold", url]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                say(f"{name}, {waiting:,} pending and nothing due: {done.stdout.strip()}")


# ── ten thousand in one second ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Burst:
    """When each batch was stored, in seconds after its time, and how many it had; seconds of processor time."""

    stored: Sequence[tuple[float, int]]
    own: float
    server: float

    def by(self, share: float) -> float:
        """When this share of all was stored."""
        left = share * sum(count for _, count in self.stored)
        for at, count in self.stored:
            left -= count
            if left <= 0:
                return at
        raise AssertionError("not all were stored")


class _Timed(Ticks):
    """Ticks that note when each batch was committed."""

    def watch(self) -> list[tuple[float, int]]:
        self._stored: list[tuple[float, int]] = []
        return self._stored

    def _count(self, fired: Sequence[Fired]) -> None:
        self._stored.append((time.monotonic(), len(fired)))
        super()._count(fired)


async def _burst(url: str, due: int, *, ahead: float) -> Burst:
    async with office_on(url) as office:
        await office.endpoint("http://127.0.0.1:9/hook", concurrency=AT_ONCE)
        office.gate.clock = clock = SimulatedClock(NOW - timedelta(seconds=ahead), 1)
        ticks = _Timed(office.gate)
        stored = ticks.watch()
        at = clock.made + ahead
        own, server = time.process_time(), cpu_seconds_of_all("postgres")
        while sum(count for _, count in stored) < due:
            wish = await ticks.tick()
            left = at - time.monotonic()
            if left > 0:
                await asyncio.sleep(min(1.0, left, wish or 0.0))
                own, server = time.process_time(), cpu_seconds_of_all("postgres")
        server = cpu_seconds_of_all("postgres") - server
        return Burst([(when - at, count) for when, count in stored], time.process_time() - own, server)


def _told(found: Sequence[Burst]) -> tuple[str, ...]:
    p99 = [each.by(0.99) for each in found]
    server = statistics.median(each.server for each in found)
    return (
        f"{statistics.median(each.by(0.5) for each in found):.2f}",
        f"{statistics.median(p99):.2f}",
        f"{min(p99):.2f}",
        f"{statistics.median(each.own for each in found):.2f}",
        f"{server:.2f}" if server > 0.01 else "",
    )


# ── nothing due, many that wait ──────────────────────────────────────────────────────────────────────────────────────


async def _hold(url: str, ticks: int = 200) -> None:
    """Tick in a process that does nothing else, and see what it takes."""
    database = Database(url)
    async with database.write() as session:
        assert await fire_due(session, now=NOW) == []
    took = []
    for _ in range(ticks):
        start = time.perf_counter()
        async with database.write() as session:
            assert await fire_due(session, now=NOW) == []
            assert await next_fire_at(session) is not None
        took.append((time.perf_counter() - start) * 1_000)
    print(f"a tick takes {statistics.median(took):.1f} ms, the process {resident_mb(os.getpid()):.0f} MB")
    await database.close()


def main() -> None:
    """Measure firing; or, for `run`, tick in a process of its own."""
    if sys.argv[1:2] == ["--hold"]:
        asyncio.run(_hold(sys.argv[2]))
    else:
        run(say, quick="--quick" in sys.argv[1:])


if __name__ == "__main__":
    main()
