"""Whatever is made, moved, finished, dropped, paused and slept through: the ledger explains every notice, as the model
says it must.
"""

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from service.gate.state import Gate
from service.kit.actor import COMMAND
from service.kit.database import Database
from service.milestones import store as milestone_store
from service.milestones.actions import editing
from service.reminders.models import Firing, PendingFiring
from service.runner.ticks import Ticks
from service.settings import Settings
from service.webhooks.actions.claiming import claim
from service.webhooks.actions.enrolling import Address, Setting, create_endpoint, update_endpoint
from service.webhooks.actions.settling import Finished, settle
from service.webhooks.models import Delivery, Endpoint, WebhookEvent
from service.webhooks.rules.asking import Asked
from service.webhooks.rules.outcome import Answer, judge_answer
from service.webhooks.rules.words import Outcome
from tests.conftest import SECRET
from tests.fixtures.servers import PostgreSQL, plain
from tests.flows.model import POLICY, Model, Task, fire_at
from tests.reminders.world import World
from tests.runner.conftest import SetClock

START = datetime(2024, 10, 1, tzinfo=UTC)
TURN = timedelta(hours=13)  # so that ticks come at all times of the day
FIRST_DAY = date(2024, 10, 2)

days = st.integers(0, 25)
tasks = st.integers(0, 3)
steps = st.one_of(
    st.tuples(st.just("make"), days),
    st.tuples(st.just("move"), tasks, days),
    st.tuples(st.sampled_from(("finish", "resume", "drop")), tasks),
    st.tuples(st.sampled_from(("pause", "unpause"))),
    st.tuples(st.just("live"), st.integers(1, 16)),
    st.tuples(st.just("sleep"), st.integers(1, 25)),
)


@dataclass
class Service:
    """The service in one process, at a clock that is set, with a receiver that is asked in thought."""

    gate: Gate
    clock: SetClock
    world: World
    endpoint: str = ""
    ids: list[str] = field(default_factory=list)

    async def set_up(self) -> None:
        await self.world.settle()
        await self.world.policy(POLICY)
        async with self.world.change() as session:
            made = await create_endpoint(
                session,
                COMMAND,
                address=Address("https://oa.example.cn/", "oa.example.cn"),
                asked=Asked(),
                headers={},
                values={"types": ["occurrence.due_soon", "occurrence.due", "occurrence.overdue"], "concurrency": 64},
                setting=self._setting,
                now=START,
            )
            self.endpoint = made.row.id

    @property
    def _setting(self) -> Setting:
        return Setting(self.gate.seals, "Asia/Shanghai", datetime.now(UTC))

    async def pause(self, *, paused: bool) -> None:
        async with self.world.change() as session:
            row = await session.get_one(Endpoint, self.endpoint)
            await update_endpoint(
                session,
                COMMAND,
                row,
                changes={"paused": paused},
                address=None,
                setting=self._setting,
                now=self.world.now,
            )

    async def drop(self, milestone: str) -> None:
        async with self.world.change() as session:
            row = await milestone_store.get_locked(session, milestone)
            await editing.cancel_milestone(session, COMMAND, row, now=self.world.now)

    async def tick(self) -> None:
        """Fire, fan out, and deliver what may be delivered to a receiver that takes everything."""
        self.clock.instant = self.world.now
        await Ticks(self.gate).tick()
        judged = judge_answer(Answer(200), now=self.world.now)
        while True:
            async with self.world.database.write() as session:
                taken = (await claim(session, limit=100)).taken
            if not taken:
                return
            ends = [Finished(claimed=one, outcome=Outcome.DELIVERED, judgement=judged, status=200) for one in taken]
            async with self.world.database.write() as session:
                await settle(session, ends, service_now=self.world.now)


@dataclass
class Both:
    """The service and the model, to which the same happens."""

    service: Service
    model: Model = field(default_factory=lambda: Model(START))

    async def do(self, what: str, *how: int) -> None:
        """One step."""
        if what in ("live", "sleep"):
            await self._pass(how[0], lives=what == "live")
        elif what in ("pause", "unpause"):
            self.model.paused = what == "pause"
            await self.service.pause(paused=self.model.paused)
        elif what == "make":
            await self._make(_day(how[0]))
        elif how[0] < len(self.model.tasks) and not self.model.tasks[how[0]].cancelled:
            await self._change(what, self.model.tasks[how[0]], self.service.ids[how[0]], *how[1:])

    async def _pass(self, count: int, *, lives: bool) -> None:
        """Time goes by; a service that lives ticks now and then, one that sleeps once it is back."""
        for turn in range(count):
            self.model.now += TURN
            self.service.world.now = self.model.now
            if lives or turn == count - 1:
                await self.service.tick()
                self.model.tick()

    async def _make(self, due: date) -> None:
        self.service.ids.append(await self.service.world.milestone(f"{due}"))
        task = Task(due)
        task.plan(self.model.now)
        self.model.tasks.append(task)

    async def _change(self, what: str, task: Task, id: str, *how: int) -> None:
        world = self.service.world
        if what == "move":
            due = _day(how[0])
            await world.edit(id, due=f"{due}")
            if due == task.due:
                return
            task.due = due
        elif what == "drop":
            await self.service.drop(id)
            task.cancelled = True
        else:
            await world.say(id, "submitted" if what == "finish" else "in_progress")
            task.finished = what == "finish"
            if not task.finished:
                task.plan(self.model.now)
                return
        task.withdraw(self.model.now)

    async def compare(self) -> None:
        """The ledger, the events and the deliveries are those of the model."""
        async with self.service.world.database.read() as session:
            firings = (await session.exec(select(Firing))).all()
            queue = {one.firing for one in await session.exec(select(PendingFiring))}
            events = (await session.exec(select(WebhookEvent).order_by(col(WebhookEvent.number)))).all()
            deliveries = {one.event: one for one in await session.exec(select(Delivery))}
        assert queue == {one.id for one in firings if one.status == "pending"}
        for task, id in zip(self.model.tasks, self.service.ids, strict=True):
            mine = [one for one in firings if one.milestone == id]
            _compare_ledger(task, mine, now=self.model.now)
            _compare_deliveries(task, mine, events, deliveries)
        numbers = [one.number for one in events if one.number is not None]
        assert numbers == list(range(1, len(numbers) + 1))


def _day(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


def _said(firing: Firing) -> tuple[int, date]:
    return int(firing.offset.removesuffix("d")), firing.due_on


def _compare_ledger(task: Task, firings: list[Firing], *, now: datetime) -> None:
    for one in firings:
        assert one.fire_at == fire_at(_said(one))
        assert (one.status == "pending") == (one.ended_at is None)
        assert one.status == "pending" or (one.cause and one.reason)
    fired = Counter(_said(one) for one in firings if one.status == "fired")
    assert fired == Counter(task.fired), "each once, and no other"
    assert {_said(one) for one in firings if one.status == "pending"} == task.pending
    over = {_said(one) for one in firings if one.cause in ("overtaken", "passed", "grace")}
    assert over >= task.passed_over - task.fired
    assert {_said(one) for one in firings} >= task.pending | task.fired | task.passed_over


def _compare_deliveries(
    task: Task, firings: list[Firing], events: Sequence[WebhookEvent], deliveries: dict[str, Delivery]
) -> None:
    said = {one.id: _said(one) for one in firings}
    status: dict[str, list[tuple[int, date]]] = {"delivered": [], "pending": [], "superseded": []}
    for event in events:
        if event.firing in said:
            status[deliveries[event.id].status].append(said[event.firing])
    assert Counter(status["delivered"]) == Counter(task.delivered)
    assert Counter(status["pending"]) == Counter(task.waiting)
    assert Counter(status["superseded"]) == Counter(task.withdrawn)


async def _play(url: str, script: list[tuple[Any, ...]]) -> None:
    database = Database(url)
    clock = SetClock(START)
    service = Service(Gate(Settings(secret=SECRET), database, clock), clock, World(database, START))
    try:
        await service.set_up()
        both = Both(service)
        for step in script:
            await both.do(*step)
            await both.compare()
        await both.do("unpause")
        await both.do("live", 1)
        await both.compare()
    finally:
        await database.close()


def _scripts() -> st.SearchStrategy[list[tuple[Any, ...]]]:
    return st.lists(steps, min_size=8, max_size=25)


few = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(script=_scripts())
def test_on_sqlite_the_ledger_explains_every_notice(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, script: list[tuple[Any, ...]]
) -> None:
    path = tmp_path_factory.mktemp("model") / "milepost.db"
    shutil.copy(sqlite_template, path)
    asyncio.run(_play(f"sqlite:///{path}", script))


@contextmanager
def _database(server: PostgreSQL) -> Iterator[str]:
    url = server.make()
    yield plain(url)
    server.drop(url)


@few
@given(script=_scripts())
def test_on_postgresql_the_ledger_explains_every_notice(
    postgresql_server: PostgreSQL, script: list[tuple[Any, ...]]
) -> None:
    with _database(postgresql_server) as url:
        asyncio.run(_play(url, script))
