"""What an edit, a restart and nothing at all cost, and what ten thousand feeds weigh.

`python -m tests.benchmarks.bodies`: in one process, on the loop that the service runs on. Times are those of a whole
first poll: hearing of the change, reading, rendering, joining, compressing.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import uvloop

from service.feeds.polled.desk import Desk
from service.feeds.polled.pages import Page
from service.feeds.rules.subjects import Form, Subject, SubjectKind
from service.gate.transaction import change
from service.kit.actor import COMMAND
from service.kit.clock import fixed
from service.kit.database import Database
from service.milestones import store as milestone_store
from service.milestones.actions import editing
from tests.benchmarks.load import resident_mb
from tests.benchmarks.plans import UNIT, make, many_feeds
from tests.benchmarks.serving import AS_OF, SECRET
from tests.benchmarks.tables import Say, say, table

EDITS = 200
COLD = 5
FEEDS = 10_000


@dataclass(frozen=True)
class Took:
    """How long one poll took, in milliseconds: on the wall, and of this process's own processor time."""

    wall: float
    cpu: float


def run(say: Say, *, quick: bool = False) -> None:
    """Edits of one large feed; memory with many small ones."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        milestones = make(folder / "large.db")
        rows = uvloop.run(_times(folder / "large.db", milestones, edits=25 if quick else EDITS))
        columns = ("first poll of a feed of 1,000 entries", "median ms", "p95 ms", "CPU ms, median", "fastest ms")
        table(say, "What has to be made anew", columns, rows)
        _memory(say, folder, feeds=500 if quick else FEEDS)


async def _times(path: Path, milestones: list[str], *, edits: int) -> list[tuple[str, ...]]:
    database = Database(f"sqlite:///{path}")
    nothing, restart = [], []
    for number in range(COLD):
        cold = _desk(database)
        cold.maker._setting = f"nobody has rendered these, {number}"
        nothing.append(await _poll(cold))
        # The first one writes down what it renders, as a process does within a second.
        before = _desk(database)
        await _poll(before)
        await before.close()
        restart.append(await _poll(_desk(database)))
    desk = _desk(database)
    await _poll(desk)
    small = [await _after_edit(database, desk, milestones[at % 1_000], title=f"改过{at}") for at in _spread(edits)]
    moved = [
        await _after_edit(database, desk, milestones[at % 1_000], due={"value": str(AS_OF.date()), "boundary": "on"})
        for at in _spread(max(edits // 5, 20))
    ]
    await database.close()
    return [
        _row("after one was retitled", small),
        _row("after one was moved", moved),
        _row("after a restart, rendered before", restart),
        _row("from nothing", nothing),
    ]


def _spread(count: int) -> range:
    # A step that shares no factor with 1,000: every edit meets another entry.
    return range(0, 37 * count, 37)


async def _after_edit(database: Database, desk: Desk, milestone: str, **changes: object) -> Took:
    async with change(database, now=AS_OF, hearers=[desk.hear]) as session:
        row = await milestone_store.get_locked(session, milestone)
        await editing.update_milestone(session, COMMAND, row, changes=changes, now=AS_OF)
    return await _poll(desk)


async def _poll(desk: Desk) -> Took:
    start, cpu = time.perf_counter(), time.process_time()
    page = await desk.show(Subject(SubjectKind.PUBLIC, UNIT), Form())
    took = Took((time.perf_counter() - start) * 1_000, (time.process_time() - cpu) * 1_000)
    assert isinstance(page, Page)
    assert page.fresh
    return took


def _row(name: str, took: list[Took]) -> tuple[str, ...]:
    wall, cpu = sorted(each.wall for each in took), [each.cpu for each in took]
    figures = (statistics.median(wall), wall[int(len(wall) * 0.95)], statistics.median(cpu), wall[0])
    return (name, *(f"{figure:,.1f}" for figure in figures))


def _desk(database: Database) -> Desk:
    return Desk(
        database,
        now=fixed(AS_OF).now,
        zone=ZoneInfo("Asia/Shanghai"),
        public_url="https://milepost.test",
        secret=lambda: SECRET,
        public_read=True,
    )


def _memory(say: Say, folder: Path, *, feeds: int) -> None:
    path = folder / "many.db"
    uvloop.run(many_feeds(path, feeds=feeds))
    command = [sys.executable, "-m", "tests.benchmarks.bodies", "--hold", str(path), str(feeds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    columns = ("one process that was asked for all of them", "MB with one feed", "MB more", "kB a feed", "ms a feed")
    row = (f"{feeds:,} feeds of 20 entries", *done.stdout.split())
    table(say, "Memory", columns, [row])


async def _hold(path: str, feeds: int) -> None:
    """Poll every feed once in a process that does nothing else, and see what it holds."""
    database = Database(f"sqlite:///{path}")
    desk = _desk(database)
    await desk.show(Subject(SubjectKind.PUBLIC, UNIT), Form())
    before, start = resident_mb(os.getpid()), time.perf_counter()
    for number in range(2, feeds + 2):
        page = await desk.find(f"/calendars/demo/u{number}.ics", b"")
        assert isinstance(page, Page)
        assert page.body is not None
    seconds, more = time.perf_counter() - start, resident_mb(os.getpid()) - before
    say(f"{before:.0f} {more:.0f} {more / feeds * 1024:.1f} {seconds / feeds * 1_000:.1f}")
    await database.close()


if __name__ == "__main__":
    if "--hold" in sys.argv[1:]:
        uvloop.run(_hold(sys.argv[2], int(sys.argv[3])))
    else:
        run(say, quick="--quick" in sys.argv[1:])
