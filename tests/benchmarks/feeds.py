"""Feeds against bare machinery, all in one run: `python -m tests.benchmarks`.

The server has the first core, the client the others. Rounds alternate between the servers; medians are printed. The
ratio is of answers a second of the server's own processor time, which a busy neighbour hardly disturbs.
"""

import asyncio
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from service.feeds.polled.desk import Desk
from service.feeds.polled.pages import Page
from service.feeds.rules.subjects import Form, Subject, SubjectKind
from service.gate.transaction import change
from service.kit.actor import COMMAND
from service.kit.clock import fixed
from service.kit.database import Database
from service.milestones import store as milestone_store
from service.milestones.actions import editing
from tests.benchmarks import peers
from tests.benchmarks.load import Measured, first_answer, load, request_of, resident_mb
from tests.benchmarks.plans import FEED, UNIT, make, many_feeds
from tests.benchmarks.serving import AS_OF, SECRET, serving

ROUNDS = 20
SECONDS = 0.6
FEEDS = 10_000

Say = Callable[[str], None]


def run(say: Say, *, quick: bool) -> None:
    """Everything about feeds, one line a finding."""
    _leave_the_first_core()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        database = folder / "large.db"
        milestones = make(database)
        calendar = _polls(say, folder, database, rounds=4 if quick else ROUNDS)
        _radicale(say, folder, calendar, skip=quick)
        asyncio.run(_edits(say, database, milestones))
        _memory(say, folder, feeds=500 if quick else FEEDS)


def _leave_the_first_core() -> None:
    # A machine with one core has nothing to leave.
    if hasattr(os, "sched_setaffinity") and (others := os.sched_getaffinity(0) - {0}):
        os.sched_setaffinity(0, others)


_OURS: dict[str, float] = {}


def _polls(say: Say, folder: Path, database: Path, *, rounds: int) -> bytes:
    """304 and 200 of a feed of a thousand entries. Answers the calendar itself."""
    with serving("milepost", database) as (port, pid):
        first = first_answer(port, request_of(FEED, accept_encoding="gzip"))
        head, _, body = first.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:])
        plain = gzip.decompress(body)
        say(f"a feed of {plain.count(b'BEGIN:VEVENT')} entries: {len(plain):,} bytes, {len(body):,} with gzip")
        answers = _bare_answers(folder, headers, body)
        with serving("bare", answers) as (bare_port, bare_pid):
            tag = headers["etag"]
            for name, bare_path, asked in (
                ("304", "/304", {"accept_encoding": "gzip", "if_none_match": tag}),
                ("200 gzip", "/200", {"accept_encoding": "gzip"}),
            ):
                ours, theirs = [], []
                for _ in range(rounds):
                    ours.append(load(port, request_of(FEED, **asked), pid=pid, seconds=SECONDS))
                    theirs.append(load(bare_port, request_of(bare_path, **asked), pid=bare_pid, seconds=SECONDS))
                _say_ratio(say, name, ours, theirs)
    return plain


def _say_ratio(say: Say, name: str, ours: list[Measured], theirs: list[Measured]) -> None:
    mine, bare = (statistics.median(each.a_cpu_second for each in rounds) for rounds in (ours, theirs))
    wall, bare_wall = (statistics.median(each.a_second for each in rounds) for rounds in (ours, theirs))
    # Of neighbouring rounds, because the machine is not equally busy all the time.
    ratio = statistics.median(each.a_cpu_second / other.a_cpu_second for each, other in zip(ours, theirs, strict=True))
    _OURS[name] = wall
    say(
        f"{name}: {ratio:.2f} of bare ASGI ({mine:,.0f} : {bare:,.0f} a second of processor time; "
        f"{wall:,.0f} : {bare_wall:,.0f} by the wall)"
    )


def _bare_answers(folder: Path, headers: dict[str, str], body: bytes) -> Path:
    (folder / "body").write_bytes(body)
    told = [(name, value) for name, value in headers.items() if name.lower() not in ("date", "server")]
    short = [(name, value) for name, value in told if name.lower() not in ("content-length", "content-encoding")]
    answers: dict[str, Any] = {
        "/200": {"status": 200, "headers": told, "body": str(folder / "body")},
        "/304": {"status": 304, "headers": short, "body": ""},
    }
    path = folder / "answers.json"
    path.write_text(json.dumps(answers), encoding="utf-8")
    return path


def _radicale(say: Say, folder: Path, calendar: bytes, *, skip: bool) -> None:
    try:
        if skip:
            raise peers.Missing("left out of a quick run")
        python = peers.radicale(folder)
        with peers.serving_radicale(python, folder, calendar) as url:
            theirs = peers.answers_a_second(url, seconds=4.0)
        say(f"200 against Radicale: {_OURS['200 gzip'] / theirs:,.0f} times ({theirs:.1f} a second; it has no 304)")
        say(f"304 against Radicale: {_OURS['304'] / theirs:,.0f} times")
    except (peers.Missing, OSError, subprocess.SubprocessError, TimeoutError) as missing:
        say(f"against Radicale: skipped, {missing}")


# ── in one process: what an edit, a restart and nothing at all cost ──────────────────────────────────────────────────


def _desk(database: Database) -> Desk:
    return Desk(
        database,
        now=fixed(AS_OF).now,
        zone=ZoneInfo("Asia/Shanghai"),
        public_url="https://milepost.test",
        secret=lambda: SECRET,
        public_read=True,
    )


async def _edits(say: Say, path: Path, milestones: list[str]) -> None:
    database = Database(f"sqlite:///{path}")
    cold = _desk(database)
    cold.maker._setting = "nobody has rendered these"
    say(f"cold, from nothing: {await _milliseconds(cold):.0f} ms")
    desk = _desk(database)
    say(f"cold, after a restart (rendered before): {await _milliseconds(desk):.1f} ms")
    took = []
    for number in range(0, 1_000, 40):
        async with change(database, now=AS_OF, hearers=[desk.hear]) as session:
            row = await milestone_store.get_locked(session, milestones[number])
            await editing.update_milestone(session, COMMAND, row, changes={"title": f"{row.title}，已修改"}, now=AS_OF)
        took.append(await _milliseconds(desk))
    worst = statistics.quantiles(took, n=20)[-1]
    say(f"the first poll after an edit of one of 1,000: median {statistics.median(took):.1f} ms, p95 {worst:.1f} ms")
    await database.close()


async def _milliseconds(desk: Desk) -> float:
    """How long a poll takes, all of it: hearing of the change, reading, rendering, joining, compressing."""
    start = time.perf_counter()
    page = await desk.show(Subject(SubjectKind.PUBLIC, UNIT), Form())
    took = (time.perf_counter() - start) * 1_000
    assert isinstance(page, Page)
    assert page.fresh
    return took


def _memory(say: Say, folder: Path, *, feeds: int) -> None:
    path = folder / "many.db"
    asyncio.run(many_feeds(path, feeds=feeds))
    command = [sys.executable, "-m", "tests.benchmarks.feeds", str(path), str(feeds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    say(done.stdout.strip())


async def _hold(path: str, feeds: int) -> None:
    """Poll every feed once in a process that does nothing else, and see what it holds."""
    database = Database(f"sqlite:///{path}")
    desk = _desk(database)
    await desk.show(Subject(SubjectKind.PUBLIC, UNIT), Form())
    before, start, total = resident_mb(os.getpid()), time.perf_counter(), 0
    for number in range(2, feeds + 2):
        page = await desk.find(f"/calendars/demo/u{number}.ics", b"")
        assert isinstance(page, Page)
        assert page.body is not None
        total += len(page.body.answers["gzip"].body)
    seconds = time.perf_counter() - start
    after = resident_mb(os.getpid())
    print(
        f"memory with {feeds:,} feeds of 20 entries: {after - before:.0f} MB more than the {before:.0f} MB with one "
        f"({total / feeds / 1024:.1f} kB of gzip each); made in {seconds / feeds * 1_000:.1f} ms each"
    )
    await database.close()


if __name__ == "__main__":
    asyncio.run(_hold(sys.argv[1], int(sys.argv[2])))
