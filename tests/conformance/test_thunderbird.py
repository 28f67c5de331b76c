"""Thunderbird itself (Debian's, without a window) subscribes to a unit's feed and lives through everything with it."""

import asyncio
import contextlib
import os
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from service.feeds.rules.forms import Form
from service.kit.database import Database
from tests.conformance.seen import Seen, basic, expected
from tests.conformance.story import CLOSED, ENABLED, LATER, STEPS, UNREACHED, Step
from tests.conftest import ADMIN_KEY, SECRET
from tests.crash.nursery import nursery
from tests.crash.play import Replica, quiet_port
from tests.feeds.world import Watch, World, desk_on
from tests.fixtures.thunderbird import Thunderbird, missing, thunderbird

PATIENCE_S = 20.0
JUSTICE = "unit:demo.justice"
PLAN = {
    "milepost": 1,
    "jurisdictions": [{"code": "demo", "name": "示范区"}],
    "units": [{"code": "demo.justice", "name": "区司法局"}, {"code": "demo.finance", "name": "区财政局"}],
    "groups": [{"code": "demo.all", "name": "各部门", "members": ["demo.justice", "demo.finance"]}],
    "plan": {
        "slug": "demo-2024",
        "title": "二〇二四年法治计划",
        "jurisdiction": "demo",
        "period": "2024-01-01/2025-12-31",
    },
}
ALL = [{"group": "demo.all", "role": "responsible"}]
LEAD = [{"unit": "demo.justice", "role": "lead"}]
TASKS: tuple[dict[str, Any], ...] = (
    {"title": "梳理问题清单 👩‍👩‍👧‍👦", "due": {"value": "2024-12-05"}, "assignments": LEAD},
    {"title": "各部门年底前评估", "due": {"value": "2024-12"}, "assignments": ALL},
    {"title": "下午五点前报送", "due": {"value": "2024-11-15", "time": "17:00"}, "assignments": LEAD},
    {"title": "计划里不再有的事", "due": {"value": "2024-11-20"}, "assignments": LEAD},
    {"title": "删掉的事", "due": {"value": "2024-11-21"}, "assignments": LEAD},
)

# Of a task (its place above): what is done, and the fields that do it; none: DELETE.
CHANGES: tuple[tuple[int, str, dict[str, Any] | None], ...] = (
    (0, "a title is edited", {"title": "改过的名字"}),
    (1, "a due date is moved", {"due": {"value": "2025-01"}}),
    (2, "a task is cancelled", {"status": "cancelled"}),
    (4, "a task is deleted", None),
)
# What stands there in the end: begin, end, title, status.
AFTERWARDS = (
    ("2024-12-05", "2024-12-06", "【牵头】改过的名字", "CONFIRMED"),
    ("2025-01-31", "2025-02-01", "【改期 2024年12月31日→2025年1月31日】【责任】【1月内】各部门年底前评估", "CONFIRMED"),
    ("2024-11-15T08:30:00Z", "2024-11-15T09:00:00Z", "【已取消】【牵头】下午五点前报送", "CANCELLED"),
    ("2024-11-20", "2024-11-21", "【已取消】【牵头】计划里不再有的事", "CANCELLED"),
    ("2024-11-21", "2024-11-22", "【已取消】【牵头】删掉的事", "CANCELLED"),
)


@dataclass
class Life:
    """A service process on an embedded database, Thunderbird, and what it showed at each address."""

    replica: Replica
    program: Thunderbird
    api: httpx.AsyncClient
    file: Path
    watch: Watch = field(default_factory=Watch)
    is_lost: bool = False
    wanted: set[Seen] = field(default_factory=set)
    shown: dict[str, dict[str, Seen]] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    async def run(self, *words: str) -> None:
        """A command of the service on the same database."""
        child = await self.replica.nursery.start(words, self.replica.environ, log=self.replica.folder / "command.log")
        assert await child.until(ended=True, within=PATIENCE_S)
        assert child.ended == 0, (self.replica.folder / "command.log").read_text()

    async def ask(self, method: str, path: str, **how: Any) -> Any:
        """A request to the API, and its answer."""
        answer = await self.api.request(method, path, **how)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def start(self, *, at: str) -> None:
        """Start the service on its port, at a civil time."""
        self.watch.set(at)
        self.replica.environ["MILEPOST_CLOCK"] = at
        await self.replica.start()
        await self.replica.listens(within=PATIENCE_S)

    async def _read(self) -> None:
        """See what the database says that the feed holds; while it is lost, what it said is what holds."""
        if self.is_lost:
            return
        database = Database(f"sqlite:///{self.file}")
        self.wanted = await expected(World(database, self.watch, desk_on(database, self.watch)), JUSTICE, Form())
        await database.close()

    async def step(self, url: str, done: str, *, besides: Collection[str] = (), late: bool = False) -> dict[str, Seen]:
        """Let Thunderbird fetch, once (`late`: until it has what is to come), and wait until it shows what it ought to.

        `besides`: titles that the feed adds and that are nobody's entries.
        """
        await self.program.fetch(url)
        await self._read()  # afterwards: the first poll of a day may have to turn the page
        items = await self.program.items(url)
        with contextlib.suppress(TimeoutError):  # what is wrong is said below
            async with asyncio.timeout(PATIENCE_S):
                while not self._is_right(items, besides):
                    if late:
                        await self.program.fetch(url)
                    items = await self.program.items(url)
        assert self._is_right(items, besides), (done, items, self.wanted)
        return self._took(url, done, items)

    async def end(self, url: str, done: str) -> None:
        """Let Thunderbird fetch from an address that was closed: it goes on holding what it had."""
        await self.program.fetch(url)
        before, items = self.shown[url], await self.program.items(url)
        assert self._took(url, done, items) == before

    async def kept(self, *, links: int) -> None:
        """Wait until the service has written down which links it answered: it does so within a second or two."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with contextlib.closing(sqlite3.connect(self.file.parent / "feeds" / "last-good.db")) as reserve:
                    if reserve.execute("SELECT count(*) FROM link").fetchone() == (links,):
                        return
                await self.api.get("/plans")

    async def polls(self) -> dict[int, int]:
        """How this process has answered the polls of feeds, by status."""
        text = (await self.api.get(f"{self.replica.base}/metrics")).text
        found = re.findall(r'^milepost_feed_polls_total{status="(\d+)"} (\d+)', text, re.MULTILINE)
        return {int(status): int(count) for status, count in found if int(count)}

    def _took(self, url: str, done: str, items: dict[str, Any]) -> dict[str, Seen]:
        before, after = self.shown.get(url, {}), _entries(items)
        self.shown[url] = after
        both = before.keys() & after.keys()
        changed = sum(before[uid] != after[uid] for uid in both)
        told = Step(done, len(after), len(after) - len(both), changed, len(before) - len(both), _state(items))
        self.steps.append(told)
        return after

    def _is_right(self, items: dict[str, Any], besides: Collection[str]) -> bool:
        shown = set(_entries(items).values())
        more = sorted(each.title for each in shown - self.wanted)
        return self.wanted <= shown and more == sorted(besides)


def _entries(items: dict[str, Any]) -> dict[str, Seen]:
    rows = zip(*(items[name] for name in ("uids", "begins", "ends", "titles", "statuses")), strict=True)
    return {uid: Seen(uid, basic(begins), basic(ends), title, status) for uid, begins, ends, title, status in rows}


def _state(items: dict[str, Any]) -> str:
    if items["disabled"]:
        return LATER if items["again"] else CLOSED
    return UNREACHED if items["trouble"] == "READ_FAILED" else items["trouble"] or ENABLED


@pytest.fixture
async def life(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Life]:
    """A service that has just begun, and a Thunderbird that knows no calendar yet."""
    if reason := missing():
        pytest.skip(reason)
    file = tmp_path / "var" / "milepost.db"
    file.parent.mkdir()
    shutil.copy(sqlite_template, file)
    port = quiet_port()
    environ = {
        "MILEPOST_DATABASE_URL": f"sqlite:///{file}",
        "MILEPOST_SECRET": SECRET,
        "MILEPOST_ADMIN_KEY": ADMIN_KEY,
        "MILEPOST_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SSL_CERT_FILE": os.devnull,  # reading all authorities is a fifth of a start
    }
    async with nursery(tmp_path) as where, thunderbird(tmp_path) as program:
        replica = Replica(0, port, tmp_path, where, environ)
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        async with httpx.AsyncClient(base_url=f"{replica.base}/api/v1", headers=headers) as api:
            life = Life(replica, program, api, file)
            await life.start(at="2024-10-01T08:00")
            await life.ask("PUT", "/plans/demo-2024", json=PLAN)
            yield life


@pytest.mark.compatible(
    "Thunderbird",
    "its subscription: edits, rotation, restart, loss of the database; disabled by revocation alone",
)
@pytest.mark.slow
async def test_thunderbird_shows_the_right_set_after_everything_that_happens_to_a_feed(life: Life) -> None:
    feed = await life.ask("POST", "/feeds", json={"unit": "demo.justice"})
    url: str = feed["url"]
    assert await life.program.subscribe(url) == [("justice", False)]
    await life.step(url, "it subscribes to a feed with nothing in it, which says so", besides=["订阅成功"])
    await _edits(life, url)
    newer: str = (await life.ask("POST", f"/feeds/{feed['id']}:rotate"))["url"]
    await life.step(url, "the link is rotated: its old address", besides=["【请更换订阅地址】10月31日失效"])
    assert await life.program.subscribe(newer) == [("justice", False)]
    await life.step(newer, "the link is rotated: its new address")
    await _losses(life, newer)
    await life.end(url, "the old address has come to its end")
    await life.ask("DELETE", f"/feeds/{feed['id']}")
    await life.end(newer, "the link is revoked")
    assert tuple(life.steps) == STEPS


async def _edits(life: Life, url: str) -> None:
    """Everything that people do to a plan."""
    made = [(await life.ask("POST", "/milestones", json={"plan": "demo-2024", **task}))["id"] for task in TASKS]
    seen = await life.step(url, "five tasks are added")
    uids = [next(uid for uid, each in seen.items() if task["title"] in each.title) for task in TASKS]
    for number, done, changes in CHANGES:
        path = f"/milestones/{made[number]}"
        await life.ask("PATCH" if changes else "DELETE", path, json=changes, headers={"If-Match": "*"})
        seen = await life.step(url, done)
    file = life.replica.folder / "plan.yaml"
    plan = yaml.safe_load((await life.api.get("/plans/demo-2024/export")).text)
    plan["milestones"] = [each for each in plan["milestones"] if each["title"] != TASKS[3]["title"]]
    file.write_text(yaml.safe_dump(plan, allow_unicode=True))
    await life.run("apply", "--prune", str(file))
    seen = await life.step(url, "a task leaves its plan (`apply --prune`)", late=True)
    assert [seen[uid][1:] for uid in uids] == list(AFTERWARDS)
    await life.program.write(url, "自己写的事")
    assert await life.step(url, "somebody puts an entry of their own into it") == seen
    assert (await life.program.items(url))["readOnly"]
    assert (await life.polls())[405] == 1


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def _losses(life: Life, url: str) -> None:
    """A death, a lost database, and how it comes back."""
    await life.replica.kill()
    await life.step(url, "the service is killed")
    async with await asyncio.start_server(_hang_up, "127.0.0.1", life.replica.port):
        await life.step(url, "a proxy in its place breaks the connection")
    await life.start(at="2024-10-01T09:00")
    await life.step(url, "the service is started again")
    assert await life.polls() == {304: 1}, "another process has made other bytes"
    await life.kept(links=2)
    away = life.replica.folder / "away"
    away.mkdir()
    for each in life.file.parent.glob(f"{life.file.name}*"):
        each.rename(away / each.name)
    life.is_lost = True
    await life.step(url, "the file of the database is gone")
    await life.start(at="2024-10-01T10:00")
    await life.step(url, "the service is killed, and started without its database")
    assert await life.polls() == {304: 1}, "a database that was lost has changed what goes out"
    await life.replica.kill()
    for each in away.iterdir():
        each.rename(life.file.parent / each.name)
    life.is_lost = False
    await life.start(at="2024-12-09T08:00")
    await life.ask("POST", "/milestones", json={"plan": "demo-2024", **TASKS[0], "title": "新的事"})
    await life.step(url, "the database is back, two months later, and a task is added")
