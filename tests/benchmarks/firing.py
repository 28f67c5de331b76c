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
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import insert

from service.gate.transaction import change
from service.kit.actor import COMMAND
from service.kit.database import Database, Session
from service.milestones.models import Milestone, Occurrence, OccurrenceUnit
from service.plans import actions as plans
from service.reminders.actions.firing import BATCH, fire_due
from service.reminders.models import Firing
from service.reminders.store.due import next_fire_at
from service.units import actions as units
from tests.benchmarks.load import cpu_seconds, resident_mb
from tests.fixtures.schema import create_all
from tests.fixtures.servers import postgresql

DUE = 10_000
UNITS = 2
NOW = datetime(2024, 10, 31, 1, tzinfo=UTC)  # 09:00 in Shanghai
DUE_ON = date(2024, 10, 31)

Say = Callable[[str], None]


def run(say: Say, *, quick: bool) -> None:
    """Everything about firing, one line a finding."""
    rounds, pending = (1, (1_000, 20_000)) if quick else (3, (1_000, 1_000_000))
    for name, database_of in (("SQLite", _on_sqlite), ("PostgreSQL", _on_postgresql)):
        with database_of() as make:
            asyncio.run(_fire(say, name, make, rounds=rounds))
            for waiting in pending:
                url = make()
                asyncio.run(_fill(url, due=0, waiting=waiting))
                command = [sys.executable, "-m", "tests.benchmarks.firing", "--hold", url]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                say(f"{name}, {waiting:,} pending and nothing due: {done.stdout.strip()}")


# ── databases ────────────────────────────────────────────────────────────────────────────────────────────────────────

Make = Callable[[], str]


@contextlib.contextmanager
def _on_sqlite() -> Iterator[Make]:
    with tempfile.TemporaryDirectory() as folder:
        made: list[str] = []

        def make() -> str:
            made.append(f"sqlite:///{Path(folder) / f'{len(made)}.db'}")
            create_all(made[-1])
            return made[-1]

        yield make


@contextlib.contextmanager
def _on_postgresql() -> Iterator[Make]:
    with postgresql(f"benchmark-{os.getpid()}") as server:
        made: list[Any] = []

        def make() -> str:
            made.append(server.make())
            return str(made[-1].render_as_string(hide_password=False))

        yield make
        for url in made:
            server.drop(url)


async def _fill(url: str, *, due: int, waiting: int) -> None:
    """A plan with tasks whose notice is due, and others with ten notices each that wait. Straight into the tables."""
    database = Database(url)
    async with change(database, now=NOW) as session:
        await units.create_jurisdiction(session, COMMAND, code="demo", values={"name": "示范区"}, now=NOW)
        for number in range(UNITS):
            code = f"demo.u{number}"
            await units.create_unit(session, COMMAND, code=code, jurisdiction="demo", values={"name": code}, now=NOW)
        values = {"title": "三年行动工作方案", "period_start": date(2024, 1, 1), "period_end": date(2026, 12, 31)}
        await plans.create_plan(session, COMMAND, slug="p", jurisdiction="demo", values=values, now=NOW)
    for start in range(0, due, 10_000):
        async with database.write() as session:
            await _write_tasks(session, range(start, min(due, start + 10_000)), notices=1)
    for start in range(0, waiting // 10, 10_000):
        async with database.write() as session:
            numbers = range(due + start, due + min(waiting // 10, start + 10_000))
            await _write_tasks(session, numbers, notices=10)
    async with database.write() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("ANALYZE")
    await database.close()


async def _write_tasks(session: Session, numbers: range, *, notices: int) -> None:
    connection = await session.connection()
    milestones, occurrences = [], []
    for number in numbers:
        milestone = _milestone | {"id": f"ms_{number:026}", "key": f"k{number}", "position": number}
        milestones.append(milestone | {"title": f"梳理行政执法突出问题清单并组织整改（第{number}项）"})
        occurrences.append(_occurrence | {"id": f"oc_{number:026}", "milestone": f"ms_{number:026}"})
    answering = [
        {"occurrence": f"oc_{n:026}", "unit": f"demo.u{u}", "jurisdiction": "demo", "role": "lead", "position": u}
        for n in numbers
        for u in range(UNITS)
    ]
    firings = [_notice(number, each if notices > 1 else None) for number in numbers for each in range(notices)]
    tables: tuple[tuple[Any, list[dict[str, Any]]], ...] = (
        (Milestone, milestones),
        (Occurrence, occurrences),
        (OccurrenceUnit, answering),
        (Firing, firings),
    )
    for table, rows in tables:
        await connection.execute(insert(table), rows)


_milestone = Milestone(
    id="", plan="p", jurisdiction="demo", key="", position=0, title="", ref="二(三)1", created_at=NOW, updated_at=NOW
).model_dump()
_occurrence = Occurrence(
    id="",
    milestone="",
    plan="p",
    jurisdiction="demo",
    period="2024-10",
    cycle="2024-10",
    nominal_due_on=DUE_ON,
    due_on=DUE_ON,
    sort_on=DUE_ON,
    created_at=NOW,
    updated_at=NOW,
).model_dump()
_firing = Firing(
    id="",
    occurrence="",
    milestone="",
    plan="p",
    jurisdiction="demo",
    offset="0d",
    kind="due",
    due_version=1,
    due_on=DUE_ON,
    fire_at=NOW,
    civil_on=DUE_ON,
    civil_at=datetime(2024, 10, 31, 9).time(),  # noqa: DTZ001  # a civil time
    time_zone="Asia/Shanghai",
    local_time="regular",
    created_at=NOW,
).model_dump()


def _notice(number: int, place: int | None) -> dict[str, Any]:
    """The due notice; or (`place`) one that waits."""
    told = _firing | {
        "id": f"fi_{number:022}{place or 0:04}",
        "occurrence": f"oc_{number:026}",
        "milestone": f"ms_{number:026}",
    }
    if place is None:
        return told
    return told | {"due_version": place + 1, "fire_at": NOW + timedelta(days=1 + place, seconds=number % 86_400)}


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
        await _fill(url, due=DUE, waiting=0)
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
        run(lambda line: print(line, flush=True), quick="--quick" in sys.argv[1:])


if __name__ == "__main__":
    main()
