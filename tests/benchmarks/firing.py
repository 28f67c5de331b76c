"""Reminders that are due: `python -m tests.benchmarks.firing` (`--quick`: a rough idea).

Ten thousand notices are due in the same second, each of another task that two units answer for. What it costs to end
them all is told as processor time, which a busy neighbour hardly disturbs: of this process, and of PostgreSQL's. Then
what a tick costs that finds nothing, and what it takes in memory, while a thousand or a million others wait.
"""

import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta

from service.kit.database import Database
from service.reminders.actions.firing import BATCH, fire_due
from service.reminders.store.due import next_fire_at
from tests.benchmarks.load import cpu_seconds, resident_mb
from tests.benchmarks.tables import Say, say
from tests.benchmarks.world import NOW, Make, fill, on_postgresql, on_sqlite

DUE = 10_000


def run(say: Say, *, quick: bool = False) -> None:
    """Everything about firing, one line a finding."""
    rounds, pending = (1, (1_000, 20_000)) if quick else (3, (1_000, 1_000_000))
    for name, database_of in (("SQLite", on_sqlite), ("PostgreSQL", on_postgresql)):
        with database_of() as make:
            asyncio.run(_fire(say, name, make, rounds=rounds))
            for waiting in pending:
                url = make()
                asyncio.run(fill(url, due=0, waiting=waiting))
                command = [sys.executable, "-m", "tests.benchmarks.firing", "--hold", url]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                say(f"{name}, {waiting:,} pending and nothing due: {done.stdout.strip()}")


# ── ten thousand in one second ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Cost:
    """Seconds: by the wall, of this process's processor time, of PostgreSQL's."""

    wall: float
    own: float
    server: float


async def _fire(say: Say, name: str, make: Make, *, rounds: int) -> None:
    costs = []
    for _ in range(rounds):
        url = make()
        await fill(url, due=DUE, waiting=0)
        costs.append(await _drain(url))
    wall, own, server = (
        statistics.median(getattr(cost, field) for cost in costs) for field in ("wall", "own", "server")
    )
    theirs = f" and {server:.2f} s of the server's" if server else ""
    say(
        f"{name}: {DUE:,} notices due in one second, in batches of {BATCH:,}: {own:.2f} s of processor time{theirs} "
        f"({own / DUE * 1e6:.0f} µs each), {wall:.2f} s by the wall"
    )


async def _drain(url: str) -> Cost:
    database = Database(url)
    async with _backend(database) as server_cpu:
        async with database.write() as session:  # statements are compiled, the connection is made
            assert await fire_due(session, now=NOW - timedelta(days=1)) == []
        wall, own, server, ended = time.perf_counter(), time.process_time(), server_cpu(), 0
        while True:
            async with database.write() as session:
                fired = await fire_due(session, now=NOW)
            ended += len(fired)
            if len(fired) < BATCH:
                break
        cost = Cost(time.perf_counter() - wall, time.process_time() - own, server_cpu() - server)
    assert ended == DUE
    await database.close()
    return cost


@contextlib.asynccontextmanager
async def _backend(database: Database) -> AsyncIterator[Callable[[], float]]:
    """The processor time of the process that serves the pool's first connection: the pool hands out that one again."""
    pid = 0
    if not database.is_sqlite:
        async with database.write() as session:
            connection = await session.connection()
            pid = int((await connection.exec_driver_sql("SELECT pg_backend_pid()")).scalar_one())
    yield lambda: cpu_seconds(pid) if pid else 0.0


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
