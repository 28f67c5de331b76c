"""A tick does what is due, in short transactions, and leaves others alone."""

import asyncio
import dataclasses
from collections import Counter
from datetime import UTC, datetime

import pytest

from service.gate.state import Gate
from service.kit.clock import RealClock, SimulatedClock
from service.kit.database import Database
from service.kit.errors import Unavailable
from service.reminders.actions.firing import fire_due
from service.runner.ticks import CATCH_UP_RATE, Ticks, rest
from tests.reminders.world import at
from tests.runner.conftest import Doors

SOON = 5.0


async def _many(doors: Doors, count: int) -> None:
    """So many tasks whose notices of one day are due."""
    for _ in range(count):
        task = await doors.world.milestone("2024-11-07")
        await doors.world.policy("0d", milestone=task)
    doors.set("2024-11-07T09:00")


def _counted(gate: Gate) -> dict[tuple[str, str], float]:
    (family,) = (each for each in gate.metrics.registry.collect() if each.name == "milepost_firings")
    return {
        (sample.labels["kind"], sample.labels["outcome"]): sample.value
        for sample in family.samples
        if sample.name.endswith("_total")
    }


async def test_what_is_due_goes_out_and_the_next_is_awaited(doors: Doors) -> None:
    await doors.world.milestone("2024-11-07")
    ticks = Ticks(doors.gate)
    doors.set("2024-10-08T08:59:30")
    assert await ticks.tick() == 30.0
    doors.set("2024-10-08T09:00")
    assert await ticks.tick() == (at("2024-10-31T09:00") - at("2024-10-08T09:00")).total_seconds()
    assert [fact.kind for fact in await doors.world.notices()] == ["occurrence.due_soon"]
    assert _counted(doors.gate) == {("due_soon", "fired"): 1}


async def test_where_nothing_is_due_nothing_is_locked(doors: Doors) -> None:
    await doors.world.milestone("2024-11-07")
    await Ticks(doors.gate).tick()  # that the milestone was made is told
    other = doors.another()
    async with asyncio.timeout(SOON), other.database.write():  # on SQLite nobody else could write now
        assert await Ticks(doors.gate).tick() is not None


async def test_batches_go_on_until_nothing_is_left_and_others_come_between(doors: Doors) -> None:
    await _many(doors, 7)
    between: list[int] = []
    doors.gate.hearers.append(lambda facts: between.append(len(facts)))
    assert await Ticks(doors.gate, batch=3).tick() is None
    assert between == [3, 3, 1]
    assert len(await doors.world.notices()) == 7


async def test_a_tick_that_is_told_to_stop_ends_after_its_transaction(doors: Doors) -> None:
    await _many(doors, 7)
    ticks = Ticks(doors.gate, batch=3)
    doors.gate.hearers.append(lambda _: ticks.stop())
    await ticks.tick()
    assert len(await doors.world.notices()) == 3
    assert len(await doors.world.pending()) == 4


async def test_a_tick_that_takes_long_ends_and_wants_another_at_once(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _many(doors, 5)
    monkeypatch.setattr("service.runner.ticks.LONG", 0.0)
    ticks = Ticks(doors.gate, batch=2)
    assert [await ticks.tick() for _ in range(3)] == [0.0, 0.0, None]
    assert len(await doors.world.notices()) == 5


async def test_what_another_process_holds_is_left_to_it(doors: Doors) -> None:
    if doors.gate.database.is_sqlite:
        pytest.skip("on SQLite there is one writer at a time")
    await _many(doors, 3)
    async with doors.another().database.write() as session:
        assert len(await fire_due(session, now=doors.world.now)) == 3
        async with asyncio.timeout(SOON):
            assert await Ticks(doors.gate).tick() is None
    assert len(await doors.world.notices()) == 3


async def test_several_processes_that_tick_at_once_fire_everything_once(doors: Doors) -> None:
    await _many(doors, 9)
    gates = [doors.another() for _ in range(3)]
    await asyncio.gather(*(Ticks(gate, batch=2).tick() for gate in gates))
    await Ticks(doors.gate).tick()  # what was held while the others looked
    told = Counter(fact.after["notice"]["firing"] for fact in await doors.world.notices() if fact.after)
    assert len(told) == 9
    assert set(told.values()) == {1}
    assert await doors.world.pending() == []
    counted = sum((Counter(_counted(gate)) for gate in (*gates, doors.gate)), Counter[tuple[str, str]]())
    assert counted == {("due", "fired"): 9}


class Liar(RealClock):
    """A host whose clock is wrong by decades."""

    def now(self) -> datetime:
        return datetime(1999, 1, 1, tzinfo=UTC)


async def test_on_postgresql_the_databases_clock_decides_and_on_sqlite_the_hosts(doors: Doors) -> None:
    await doors.world.milestone("2024-11-07")  # by any right clock all of its notices have passed
    gate = dataclasses.replace(doors.gate, clock=Liar())
    await Ticks(gate).tick()
    kinds = [fact.kind for fact in await doors.world.notices()]
    assert kinds == ([] if gate.database.is_sqlite else ["occurrence.due", "occurrence.overdue"])


async def test_a_simulated_clock_decides_on_both_and_its_hours_are_short(doors: Doors) -> None:
    await doors.world.milestone("2024-11-07")
    doors.set("2024-10-08T08:00")
    clock = SimulatedClock(doors.world.now, speed=3_600)
    wish = await Ticks(dataclasses.replace(doors.gate, clock=clock)).tick()
    assert wish is not None
    assert 0.5 < wish < 1.0
    clock = SimulatedClock(at("2024-11-07T09:00"), speed=3_600)
    await Ticks(dataclasses.replace(doors.gate, clock=clock)).tick()
    assert [fact.kind for fact in await doors.world.notices()] == ["occurrence.due"]


async def test_where_the_clock_stands_still_nothing_is_awaited(doors: Doors) -> None:
    await doors.world.milestone("2024-11-07")
    clock = SimulatedClock(doors.world.now, speed=0)
    assert await Ticks(dataclasses.replace(doors.gate, clock=clock)).tick() is None


async def test_a_database_that_is_away_loses_nothing(doors: Doors) -> None:
    await _many(doors, 2)
    away = Database("postgresql://nobody@127.0.0.1:1/nothing")
    gate = dataclasses.replace(doors.gate, database=away)
    ticks = Ticks(gate)
    with pytest.raises(Unavailable):
        await ticks.tick()
    gate.database = doors.gate.database
    await ticks.tick()
    assert len(await doors.world.notices()) == 2
    await away.close()


@pytest.mark.parametrize("seconds", (0.01, 0.1, 0.5, 2.0))
def test_catching_up_leaves_half_of_the_time_to_others_and_has_a_highest_rate(seconds: float) -> None:
    pause = rest(200, seconds=seconds)
    assert pause >= seconds
    assert 200 / (seconds + pause) <= CATCH_UP_RATE + 0.001
