"""Whoever claims has it alone; who dies gives it back."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql, sqlite

from service.gate.transaction import change
from service.kit.database import Database
from service.reminders.actions.firing import Fired, fire_due
from service.reminders.store.due import CLAIM, claim_due, database_now, read_due
from tests.reminders.world import World, at

POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # the library leaves it without types
SQLITE: Dialect = sqlite.dialect()


@pytest.fixture
async def many(world: World) -> World:
    """Twenty tasks whose notices of one day are due."""
    for _ in range(20):
        task = await world.milestone("2024-11-07")
        await world.policy("0d", milestone=task)
    world.set("2024-11-07T09:00")
    return world


async def _drain(database: Database, now: datetime, *, limit: int) -> list[Fired]:
    fired: list[Fired] = []
    while True:
        async with change(database, now=now) as session:
            batch = await fire_due(session, now=now, limit=limit)
        fired += batch
        if len(batch) < limit:
            return fired
        await asyncio.sleep(0)


async def test_replicas_that_tick_at_once_fire_everything_once(many: World) -> None:
    replicas = [Database(many.database.url.render_as_string(hide_password=False)) for _ in range(3)]
    try:
        found = await asyncio.gather(*(_drain(each, many.now, limit=3) for each in replicas))
    finally:
        for each in replicas:
            await each.close()
    left = await _drain(many.database, many.now, limit=100)  # what was held while the others looked
    ids = Counter(one.firing.id for batch in (*found, left) for one in batch)
    assert set(ids.values()) == {1}
    assert len(ids) == len(await many.notices()) == 20
    assert await many.pending() == []


async def test_what_one_holds_another_passes_over(many: World) -> None:
    if many.database.is_sqlite:
        pytest.skip("on SQLite there is one writer at a time")
    async with many.database.write() as first, many.database.write() as second:
        mine = await claim_due(first, now=many.now, limit=15)
        others = await claim_due(second, now=many.now, limit=15)
        assert (len(mine), len(others)) == (15, 5)
        assert not set(mine) & set(others)


async def test_who_dies_before_the_commit_leaves_everything_to_be_fired(many: World) -> None:
    class Killed(BaseException):
        pass

    async def die() -> None:
        async with change(many.database, now=many.now) as session:
            assert len(await fire_due(session, now=many.now)) == 20
            raise Killed

    with pytest.raises(Killed):
        await die()
    assert await many.notices() == []
    assert len(await many.pending()) == 20
    assert len(await many.tick()) == 20


async def test_a_connection_that_is_cut_leaves_everything_to_be_fired(many: World) -> None:
    async with many.database.read() as session:
        assert len(await claim_due(session, now=many.now, limit=50)) == 20
        await (await session.connection()).invalidate()
    assert len(await many.tick()) == 20


async def test_who_moves_a_date_while_it_is_fired_comes_after_or_before_and_never_between(many: World) -> None:
    task = next(row.milestone for row in await many.ledger())

    async def move() -> None:
        await many.edit(task, due="2024-12-05")

    await asyncio.gather(move(), many.tick())
    rows = {row.due_version: row for row in await many.ledger(task) if row.offset == "0d"}
    assert rows[1].status in ("fired", "superseded")
    assert (rows[2].status, f"{rows[2].due_on}") == ("pending", "2024-12-05")
    told = [fact for fact in await many.notices() if fact.after and fact.after["milestone"] == task]
    assert len(told) == (rows[1].status == "fired")


async def test_the_oldest_are_claimed_first_and_no_more_than_asked_for(world: World) -> None:
    for day in (20, 12, 16):
        await world.milestone(f"2024-11-{day:02}")
    async with world.database.read() as session:
        found = await claim_due(session, now=at("2024-12-31T00:00"), limit=4)
        fire_at = [one.fire_at for one in await read_due(session, found)]
    assert len(found) == 4
    assert sorted(fire_at) == sorted(row.fire_at for row in await world.ledger())[:4]


async def test_the_databases_clock_decides_where_no_instant_is_given(world: World) -> None:
    async with world.database.read() as session:
        told = await database_now(session)
    assert told.tzinfo is not None
    assert abs(told - datetime.now(UTC)) < timedelta(minutes=1)
    # Planned by a clock that stands in 2024: by the database's all of it has passed.
    await world.milestone("2024-11-07")
    async with world.change() as session:
        fired = await fire_due(session)
    assert len(fired) == 6
    (then,) = {one.firing.fire_at + one.lateness for one in fired}
    assert timedelta(0) <= then - told < timedelta(minutes=5)


def test_the_claim_locks_in_a_materialised_expression_and_passes_over_what_is_locked() -> None:
    on_postgresql, on_sqlite = CLAIM.words(on_postgresql=True), CLAIM.words(on_postgresql=False)
    assert "WITH due AS MATERIALIZED (SELECT" in on_postgresql
    assert "FOR UPDATE SKIP LOCKED)," in on_postgresql
    assert "FOR UPDATE" not in on_sqlite
