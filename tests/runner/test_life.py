"""The runner of a process: from its start to its stop, through time of rest, beside others."""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import datetime

import pytest

from service.gate.state import Gate
from service.gate.transaction import change
from service.kit.actor import COMMAND
from service.kit.clock import SimulatedClock
from service.kit.database import Session
from service.plans import actions as plans
from service.plans import store as plan_store
from service.runner import life
from service.runner.life import Runner, keeping_time
from service.runner.sifting import Chosen
from service.runner.supervising import Signals
from service.runner.ticks import FanOut
from service.settings import Role
from tests.reminders.world import PLAN, World, at
from tests.runner.conftest import Doors
from tests.runner.test_rounds import SOON


@asynccontextmanager
async def _running(*gates: Gate) -> AsyncIterator[list[Runner]]:
    runners = [Runner(gate, done=(), loops={}) for gate in gates]
    for each in runners:
        each.start()
    try:
        yield runners
    finally:
        for each in runners:
            await each.stop()


async def _until_fired(world: World, *gates: Gate, count: int) -> None:
    """Wait until so many notices have gone out of these processes."""
    more = asyncio.Event()
    for gate in gates:
        gate.hearers.append(lambda _: more.set())
    async with asyncio.timeout(SOON * 2):
        while len(await world.notices()) < count:
            await more.wait()
            more.clear()


async def test_what_came_due_during_a_rest_is_caught_up_as_its_policy_says(doors: Doors) -> None:
    world = doors.world
    await world.milestone("2024-11-07")
    async with _running(doors.gate):
        pass  # nothing is due yet
    assert len(await world.pending()) == 6
    doors.set("2024-11-09T10:00")
    async with _running(doors.gate):
        await _until_fired(world, doors.gate, count=2)
    doors.set("2024-11-14T09:00")
    async with _running(doors.gate):
        await _until_fired(world, doors.gate, count=3)
    assert await world.told() == [
        ("-30d", "2024-10-08", 1, "skipped passed"),
        ("-7d", "2024-10-31", 1, "skipped passed"),
        ("-1d", "2024-11-06", 1, "skipped passed"),
        ("0d", "2024-11-07", 1, "fired"),
        ("+1d", "2024-11-08", 1, "fired"),
        ("+7d", "2024-11-14", 1, "fired"),
    ]


async def test_several_runners_on_one_database_fire_everything_once(doors: Doors) -> None:
    for _ in range(12):
        task = await doors.world.milestone("2024-11-07")
        await doors.world.policy("0d", milestone=task)
    gates = (doors.gate, doors.another(), doors.another())
    async with _running(*gates):
        doors.set("2024-11-07T09:00")
        await _until_fired(doors.world, *gates, count=12)
    told = Counter(fact.after["notice"]["firing"] for fact in await doors.world.notices() if fact.after)
    assert len(told) == 12
    assert set(told.values()) == {1}


async def test_the_next_firing_is_awaited_by_its_own_time(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "TICKS_EVERY", 600.0)
    await doors.world.milestone("2024-11-07")
    clock = SimulatedClock(at("2024-10-08T08:45"), speed=3_600)  # it is nine o'clock in a quarter of a second
    gate = dataclasses.replace(doors.gate, clock=clock, hearers=[])
    async with _running(gate):
        await _until_fired(doors.world, gate, count=1)


async def test_a_local_write_wakes_the_tick(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "TICKS_EVERY", 600.0)
    world, gate = doors.world, doors.gate
    await world.milestone("2024-11-07")
    doors.set("2024-10-08T09:00")
    async with _running(gate):
        await _until_fired(world, gate, count=1)
        doors.set("2024-10-31T09:00")
        async with change(gate.database, now=world.now, hearers=gate.hearers) as session:
            plan = await plan_store.get_locked(session, PLAN)
            await plans.update_plan(session, COMMAND, plan, changes={"title": "another"}, now=world.now)
        await _until_fired(world, gate, count=2)


class Held:
    """A fan-out that holds the transaction until it is let go."""

    def __init__(self) -> None:
        self.inside, self.may_go = asyncio.Event(), asyncio.Event()

    async def first(self, session: Session, without: Collection[str]) -> str | None:
        return None

    async def work(self, session: Session, now: datetime, chosen: Chosen) -> int:
        self.inside.set()
        await self.may_go.wait()
        return 0

    @property
    def fan_out(self) -> FanOut:
        return FanOut(self.first, 1, self.work)


async def test_a_stop_lets_the_transaction_under_way_come_to_its_end(doors: Doors) -> None:
    await doors.world.milestone("2024-11-07")
    doors.set("2024-10-08T09:00")
    held = Held()
    runner = Runner(doors.gate, done=(), loops={}, fan_out=held.fan_out)
    runner.start()
    await asyncio.wait_for(held.inside.wait(), SOON)
    stopping = asyncio.ensure_future(runner.stop())
    await runner.signals.stopping.wait()
    assert not stopping.done()
    held.may_go.set()
    await stopping
    assert len(await doors.world.notices()) == 1


async def test_a_stop_breaks_off_what_hangs_and_nothing_of_it_has_happened(doors: Doors) -> None:
    await doors.world.milestone("2024-11-07")
    doors.set("2024-10-08T09:00")
    held = Held()
    runner = Runner(doors.gate, done=(), loops={}, fan_out=held.fan_out)
    runner.start()
    await asyncio.wait_for(held.inside.wait(), SOON)
    await runner.stop(within=0.01)
    assert await doors.world.notices() == []
    assert len(await doors.world.pending()) == 6
    async with _running(doors.gate):
        await _until_fired(doors.world, doors.gate, count=1)


async def test_events_that_wait_are_fanned_out_though_nothing_is_due(doors: Doors) -> None:
    waiting, made = [2, 2, 1], asyncio.Event()

    async def first(session: Session, without: Collection[str]) -> str | None:
        return "evt_1" if waiting else None

    async def work(session: Session, now: datetime, chosen: Chosen) -> int:
        return waiting.pop(0)

    def deliver() -> None:
        if not waiting:
            made.set()

    runner = Runner(doors.gate, done=(), loops={}, fan_out=FanOut(first, 2, work))
    runner.ticks.delivers = deliver
    runner.start()
    await asyncio.wait_for(made.wait(), SOON)
    await runner.stop()


async def test_a_loop_is_begun_again_when_it_fails_and_ends_with_the_process(doors: Doors) -> None:
    began, again = [], asyncio.Event()

    async def loop(gate: Gate, signals: Signals) -> None:
        began.append(1)
        if len(began) == 1:
            raise ZeroDivisionError
        again.set()
        await signals.stopping.wait()
        began.append(0)

    runner = Runner(doors.gate, done=(), loops={"sender": loop})
    runner.start()
    await asyncio.wait_for(again.wait(), SOON)
    await runner.stop()
    assert began == [1, 1, 0]
    assert 'milepost_loop_failures_total{loop="sender"} 1.0' in doors.gate.metrics.page().decode()


@pytest.mark.parametrize(("role", "fires"), (("api", False), ("worker", True), ("all", True)))
async def test_a_process_fires_where_that_is_its_role(role: Role, fires: bool, doors: Doors) -> None:
    gate = dataclasses.replace(doors.gate, settings=dataclasses.replace(doors.gate.settings, role=role))
    async with keeping_time(gate):
        assert (gate.pulse is not None) is fires
        assert bool(gate.hearers) is fires
    assert gate.hearers == []
    await gate.close()
