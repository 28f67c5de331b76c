"""asyncpg against psycopg 3, through SQLAlchemy, on what is asked most: `python -m tests.benchmarks.drivers`.

Claiming: a batch of due rows by conditional UPDATE with SKIP LOCKED, settled in the same transaction. Reading: a page
of a hundred rows, and one row by its key. Rounds alternate between the drivers; the medians are printed. What is
counted is rows a second of this process's own processor time: the server is the same for both, and a busy machine
hardly disturbs it.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import uvloop
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from service.kit.database import Instant, Json
from tests.benchmarks.tables import Say, say, table
from tests.fixtures.servers import postgresql

ROWS = 50_000
BATCH = 100
ROUNDS = 5
AT_ONCE = 4
DRIVERS = ("asyncpg", "psycopg")


class Job(SQLModel, table=True):
    """Something due, as wide as a firing."""

    __tablename__ = "benchmark_job"

    id: int | None = Field(default=None, primary_key=True)
    jurisdiction: str = "chongming"
    state: str = "due"
    due_at: datetime = Field(sa_type=Instant, index=True)
    facts: dict[str, Any] = Field(sa_type=Json)


CLAIM = text(
    "UPDATE benchmark_job SET state = 'claimed' WHERE id IN (SELECT id FROM benchmark_job WHERE state = 'due'"
    " ORDER BY due_at LIMIT :batch FOR UPDATE SKIP LOCKED) RETURNING id, due_at, facts"
)
SETTLE = text("UPDATE benchmark_job SET state = 'done' WHERE id = :id")


async def _prepare(engine: AsyncEngine) -> None:
    start = datetime(2024, 10, 1, tzinfo=UTC)
    facts = {"title": "梳理执法突出问题清单", "units": ["chongming.justice", "chongming.finance"], "days_left": 7}
    table = SQLModel.metadata.tables["benchmark_job"]
    async with engine.begin() as connection:
        await connection.run_sync(table.drop, checkfirst=True)
        await connection.run_sync(table.create)
        rows = [{"due_at": start + timedelta(seconds=number), "facts": facts} for number in range(ROWS)]
        for first in range(0, ROWS, 1000):
            values = [row | {"jurisdiction": "chongming", "state": "due"} for row in rows[first : first + 1000]]
            await connection.execute(table.insert(), values)


async def _claim(engine: AsyncEngine, turn: int) -> int:
    async with engine.begin() as connection:
        claimed = (await connection.execute(CLAIM, {"batch": BATCH})).all()
        for row in claimed if turn % 2 else ():
            await connection.execute(SETTLE, {"id": row.id})
        if claimed and not turn % 2:
            await connection.execute(SETTLE, [{"id": row.id} for row in claimed])
    return len(claimed)


async def _page(engine: AsyncEngine, turn: int) -> int:
    async with AsyncSession(engine) as session:
        query = select(Job).where(col(Job.id) > (turn * 37) % ROWS).order_by(col(Job.id)).limit(BATCH)
        return len((await session.exec(query)).all())


async def _one(engine: AsyncEngine, turn: int) -> int:
    async with AsyncSession(engine) as session:
        return int(await session.get(Job, 1 + turn % ROWS) is not None)


WORK: dict[str, tuple[Callable[[AsyncEngine, int], Awaitable[int]], int]] = {
    "claim and settle": (_claim, 100),
    "a page of 100 rows": (_page, 400),
    "one row by key": (_one, 1600),
}


async def _round(engine: AsyncEngine, work: Callable[[AsyncEngine, int], Awaitable[int]], turns: int) -> float:
    done = 0

    async def worker(first: int) -> None:
        nonlocal done
        for turn in range(first, turns, AT_ONCE):
            done += await work(engine, turn)

    began = time.process_time()
    await asyncio.gather(*(worker(first) for first in range(AT_ONCE)))
    return done / (time.process_time() - began)


async def measure(url: URL, *, rounds: int, part: int) -> list[tuple[str, ...]]:
    """The medians for both drivers, a row for each kind of work. `part`: so much less work."""
    engines = {driver: create_async_engine(url.set(drivername=f"postgresql+{driver}")) for driver in DRIVERS}
    found: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds):
        for driver in DRIVERS if number % 2 else reversed(DRIVERS):
            await _prepare(engines[driver])
            for name, (work, turns) in WORK.items():
                found.setdefault((name, driver), []).append(await _round(engines[driver], work, turns // part))
    for engine in engines.values():
        await engine.dispose()
    rows: list[tuple[str, ...]] = []
    for name in WORK:
        ours, theirs = (statistics.median(found[name, driver]) for driver in DRIVERS)
        rows.append((name, f"{ours:,.0f}", f"{theirs:,.0f}", f"{ours / theirs:.2f}"))
    return rows


def run(say: Say, *, quick: bool = False) -> None:
    """Measure both drivers on a server of their own."""
    with postgresql("drivers") as server:
        place = server.make("template0")
        rows = uvloop.run(measure(place, rounds=1 if quick else ROUNDS, part=5 if quick else 1))
        server.drop(place)
    table(say, "PostgreSQL drivers, rows a CPU second", ("work", *DRIVERS, "ratio"), rows)


if __name__ == "__main__":
    run(say, quick="--quick" in sys.argv[1:])
