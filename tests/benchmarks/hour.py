"""An hour of ten thousand feeds: `python -m tests.benchmarks.hour`.

Every unit's link is polled once, at some second of the hour, with the ETag that it got before; meanwhile one milestone
in a hundred is edited, through the API of another process. The clock of both runs fast, so that the hour takes one or
two minutes: what happens once a second of ours (looking whose feeds have changed) happens more seldom in that hour than
it would, and is told apart as what the process uses while nobody asks.
"""

import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from tests.benchmarks.load import cpu_seconds, resident_mb
from tests.benchmarks.serving import ADMIN_KEY, AS_OF, serving
from tests.benchmarks.tables import Say, say, table
from tests.benchmarks.towns import UNITS, Towns, build

FEEDS, QUICK_FEEDS = 10_000, 500
SECONDS, QUICK_SECONDS = 60.0, 8.0  # that the hour takes
EDITED = 100  # one milestone in so many
KEPT_OPEN = 2.0  # seconds that an idle connection is used again; the server closes it after five
IDLE_SECONDS = 4.0
AT_ONCE = 8  # first polls
LOOKS_EVERY = 0.05  # seconds between two looks for an edit
AS_EDITOR = {"authorization": f"Bearer {ADMIN_KEY}", "content-type": "application/json", "if-match": "*"}
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.0",
    "Google-Calendar-Importer",
    "iOS/19",
)


class Talk:
    """Connections to one process, kept open for a moment as a proxy does, and never given to two at once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter, float]] = []

    async def ask(self, request: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, str, bytes]:
        """Status, ETag and body of the answer to a request (`GET /path`)."""
        reader, writer = await self._connection()
        lines = [f"{request} HTTP/1.1", "host: milepost.test", *(f"{name}: {each}" for name, each in headers.items())]
        lines += [f"content-length: {len(body)}"] if body else []
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        status, *told = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        named = {name.lower(): value for name, _, value in (line.partition(": ") for line in told)}
        got = await reader.readexactly(int(named.get("content-length", "0"))) if " 304 " not in status else b""
        self._free.append((reader, writer, time.monotonic()))
        return int(status.split()[1]), named.get("etag", ""), got

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._free:
            reader, writer, since = self._free.pop()
            if time.monotonic() - since < KEPT_OPEN:
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self._port)

    def close(self) -> None:
        """Close what is open."""
        for _, writer, _ in self._free:
            writer.close()


@dataclass
class Hour:
    """What was seen: seconds an answer took, by status; seconds until an edit was seen, here and at the editors'; how
    often somebody looked for one, beside the polls that count."""

    answers: dict[int, list[float]] = field(default_factory=lambda: {200: [], 304: []})
    seen_here: list[float] = field(default_factory=list)
    seen_there: list[float] = field(default_factory=list)
    looks: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)

    async def poll(self, talk: Talk, path: str) -> None:
        """One poll that counts."""
        start = time.perf_counter()
        status, self.tags[path] = await _poll(talk, path, self.tags.get(path))
        self.answers[status].append(time.perf_counter() - start)

    async def look(self, talk: Talk, path: str) -> str:
        """One that does not: the ETag that there is now."""
        self.looks += 1
        return (await _poll(talk, path, self.tags[path]))[1]


async def _poll(talk: Talk, path: str, tag: str | None) -> tuple[int, str]:
    """Status and ETag, as a calendar program asks that got `tag` before."""
    headers = {"accept-encoding": "gzip", "user-agent": AGENTS[len(path) % len(AGENTS)]}
    status, newer, _ = await talk.ask(f"GET {path}", headers | ({"if-none-match": tag} if tag else {}))
    return status, newer


def run(say: Say, *, quick: bool = False) -> None:
    """The hour, and what it took."""
    feeds = QUICK_FEEDS if quick else FEEDS
    seconds = QUICK_SECONDS if quick else SECONDS
    at = AS_OF.replace(hour=9, minute=0, second=0)
    with tempfile.TemporaryDirectory() as scratch:
        database = Path(scratch) / "towns.db"
        towns = build(database, districts=feeds // UNITS, now=at)
        told = {"database": str(database), "clock": f"{at.isoformat()}@{3_600 / seconds:g}"}
        files = [Path(scratch) / name for name in ("polled.json", "editors.json")]
        files[0].write_text(json.dumps(told), encoding="utf-8")
        files[1].write_text(json.dumps(told | {"core": (os.cpu_count() or 1) - 1}), encoding="utf-8")
        with serving("simulated", files[0]) as (port, pid), serving("simulated", files[1]) as (other, _):
            hour = uvloop.run(_hour(towns, port, other, pid=pid, seconds=seconds))
    _tell(say, hour, feeds=feeds, seconds=seconds)


async def _hour(towns: Towns, port: int, other: int, *, pid: int, seconds: float) -> Hour:
    """1. every feed once, and some a second link  2. a rest  3. the hour, with its edits."""
    hour, talk, editors = Hour(), Talk(port), Talk(other)
    figures = hour.figures
    await hour.poll(talk, towns.paths[0][0])
    figures["memory at start"] = resident_mb(pid)
    paths = [each[0] for each in towns.paths]
    figures["first poll"] = await _cost(pid, paths[1:], lambda path: hour.poll(talk, path))
    others = [each[1] for each in towns.paths[:: max(1, len(paths) // 500)]]
    figures["another link"] = await _cost(pid, others, lambda path: hour.poll(talk, path))
    figures["memory at begin"] = resident_mb(pid)
    hour.answers = {200: [], 304: []}
    await asyncio.sleep(1.5)  # what was noted is written down
    before = _cpu(pid)
    await asyncio.sleep(IDLE_SECONDS)
    figures["idle"] = (_cpu(pid) - before) / IDLE_SECONDS
    before, start = _cpu(pid), time.perf_counter()
    await asyncio.gather(_polls(hour, talk, paths, seconds), _edits(hour, talk, editors, towns, seconds))
    figures["cpu"], figures["seconds"] = _cpu(pid) - before, time.perf_counter() - start
    figures["memory at end"] = resident_mb(pid)
    talk.close()
    editors.close()
    return hour


async def _cost(pid: int, paths: list[str], poll: Callable[[str], Awaitable[None]]) -> float:
    """Processor seconds that each of these takes, some at a time."""
    before = _cpu(pid)
    for start in range(0, len(paths), AT_ONCE):
        await asyncio.gather(*(poll(path) for path in paths[start : start + AT_ONCE]))
    return (_cpu(pid) - before) / len(paths)


def _cpu(pid: int) -> float:
    """Of all threads: some bodies are rendered beside the loop."""
    return sum(cpu_seconds(int(thread.name)) for thread in Path(f"/proc/{pid}/task").iterdir())


async def _polls(hour: Hour, talk: Talk, paths: list[str], seconds: float) -> None:
    chance = random.Random(1)
    arrivals = sorted((chance.uniform(0, seconds), path) for path in paths)
    loop, start, under_way = asyncio.get_running_loop(), time.perf_counter(), set[asyncio.Task[None]]()
    for at, path in arrivals:
        await asyncio.sleep(max(0.0, start + at - time.perf_counter()))
        task = loop.create_task(hour.poll(talk, path))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)


async def _edits(hour: Hour, talk: Talk, editors: Talk, towns: Towns, seconds: float) -> None:
    """One milestone in a hundred, evenly over the hour, every other one moved."""
    edited, start = towns.milestones[::EDITED], time.perf_counter()
    async with asyncio.TaskGroup() as under_way:
        for number, (milestone, unit) in enumerate(edited):
            await asyncio.sleep(max(0.0, start + (number + 0.5) * seconds / len(edited) - time.perf_counter()))
            title, due = {"title": f"改过的任务{number}"}, {"due": {"value": str(AS_OF.date()), "boundary": "on"}}
            under_way.create_task(
                _edit(hour, talk, editors, milestone, towns.paths[unit][0], title if number % 2 else due)
            )


async def _edit(hour: Hour, talk: Talk, editors: Talk, milestone: str, path: str, change: dict[str, Any]) -> None:
    """An edit, looked for until it is seen in both processes."""
    tag = await hour.look(talk, path)
    status, _, told = await editors.ask(f"PATCH /api/v1/milestones/{milestone}", AS_EDITOR, json.dumps(change).encode())
    assert status == 200, told
    edited_at = time.perf_counter()
    assert (await _poll(editors, path, tag))[0] == 200
    hour.seen_there.append(time.perf_counter() - edited_at)
    newer = tag
    while newer == tag:
        await asyncio.sleep(LOOKS_EVERY)
        newer = await hour.look(talk, path)
    hour.seen_here.append(time.perf_counter() - edited_at)


def _tell(say: Say, hour: Hour, *, feeds: int, seconds: float) -> None:
    figures, answers = hour.figures, hour.answers
    polls = sum(map(len, answers.values()))
    rows = [
        (name, f"{len(taken):,}", f"{statistics.median(taken) * 1_000:.1f}", f"{_late(taken) * 1_000:.1f}")
        for name, taken in (("304", answers[304]), ("200", answers[200]), ("all", answers[200] + answers[304]))
    ]
    title = f"An hour of {feeds:,} feeds in {figures['seconds']:.0f} s, {len(hour.seen_here)} milestones edited"
    table(say, title, ("answers", "how many", "median ms", "p99 ms"), rows)
    used = (figures["cpu"] - figures["idle"] * figures["seconds"]) / (polls + hour.looks)
    began, ended = figures["memory at begin"], figures["memory at end"]
    table(
        say,
        "What the hour took",
        ("", "figure"),
        [
            ("share of 304", f"{len(answers[304]) / polls:.2f}"),
            ("processor time a poll, edits seen to, ms", f"{used * 1_000:.2f}"),
            ("while nobody asks, ms a second", f"{figures['idle'] * 1_000:.1f}"),
            ("the first poll of a feed, ms of processor time", f"{figures['first poll'] * 1_000:.2f}"),
            ("the first poll of another link to a known feed, ms", f"{figures['another link'] * 1_000:.2f}"),
            ("an edit is seen in its own process, median ms", f"{statistics.median(hour.seen_there) * 1_000:.0f}"),
            ("an edit is seen in the other process, median s", f"{statistics.median(hour.seen_here):.2f}"),
            ("an edit is seen in the other process, slowest s", f"{max(hour.seen_here):.2f}"),
            ("memory with one feed, MB", f"{figures['memory at start']:.0f}"),
            ("memory when the hour began, MB", f"{began:.0f}"),
            ("memory when it ended, MB", f"{ended:.0f}"),
            ("memory a feed, kB", f"{(ended - figures['memory at start']) / feeds * 1_024:.1f}"),
        ],
    )


def _late(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.99)]


if __name__ == "__main__":
    run(say, quick="--quick" in sys.argv[1:])
