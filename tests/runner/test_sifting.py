"""A row that nobody can read any more: it waits, everything else goes on, and nothing is dropped."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy import text

from service.gate.state import Gate
from service.kit.database import Database
from service.kit.errors import Unavailable
from service.runner import sifting
from service.runner.chores import Telling
from service.runner.ticks import Ticks
from service.settings import Settings
from tests.conftest import SECRET
from tests.runner.conftest import SetClock
from tests.webhooks.world import Post

TASKS = 7


@dataclass
class Town:
    """A world whose clock and gate a test has in its hands."""

    post: Post
    gate: Gate
    clock: SetClock

    async def tick(self, when: str, ticks: Ticks) -> None:
        self.post.set(when)
        self.clock.instant = self.post.now
        await ticks.tick()

    async def sql(self, statement: str) -> None:
        """Reach past everything that guards the tables."""
        async with self.post.database.write() as session:
            await (await session.connection()).execute(text(statement))

    async def due(self) -> list[str]:
        """As many tasks whose notice is due on 7 November; the firings."""
        for _ in range(TASKS):
            await self.post.milestone("2024-11-07")
        await self.post.policy("0d")
        return [row.id for row in await self.post.ledger() if row.status == "pending"]

    async def spoil(self, firing: str) -> None:
        """Make a firing that cannot be read, or only read."""
        what = "due_on = '2024-99-99'" if self.post.database.is_sqlite else "time_zone = 'Mars/Base'"
        await self.sql(f"UPDATE firing SET {what} WHERE id = '{firing}'")

    async def mend(self, firing: str) -> None:
        await self.sql(f"UPDATE firing SET due_on = '2024-11-07', time_zone = 'Asia/Shanghai' WHERE id = '{firing}'")

    def put_aside(self, what: str) -> float:
        return self.gate.metrics.registry.get_sample_value("milepost_put_aside_total", {"what": what}) or 0.0


@pytest.fixture
async def town(database: Database, now: datetime) -> AsyncIterator[Town]:
    """1 October 2024, 08:00 in Shanghai, once on SQLite and once on PostgreSQL."""
    post, clock = Post(database, now), SetClock(now)
    await post.settle_in()
    gate = Gate(Settings(secret=SECRET), database, clock)
    yield Town(post, gate, clock)
    await gate.close()


async def test_a_firing_that_always_fails_waits_alone_and_goes_out_when_it_was_mended(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = sorted(await town.due())[3]
    await town.spoil(bad)
    ticks = Ticks(town.gate)
    await town.tick("2024-11-07T09:00", ticks)
    assert len(await town.post.notices()) == TASKS - 1
    assert town.put_aside("firing") == 1
    await town.post.milestone("2024-11-08")
    await town.tick("2024-11-08T09:00", ticks)
    assert len(await town.post.notices()) == TASKS, "what comes later goes out too"
    assert town.put_aside("firing") == 1, "it is left in peace meanwhile"
    await town.mend(bad)
    monkeypatch.setattr(sifting, "ASIDE_S", 0.0)
    await town.tick("2024-11-08T09:10", ticks)
    assert await town.post.pending() == []
    assert len({(notice.after or {})["notice"]["firing"] for notice in await town.post.notices()}) == TASKS + 1


async def test_where_everything_fails_only_so_many_are_put_aside_and_the_tick_fails(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sifting, "MOST_ASIDE", 2)
    for firing in await town.due():
        await town.spoil(firing)
    ticks = Ticks(town.gate)
    for _ in range(2):
        with pytest.raises((ValueError, LookupError), match=r"month|Mars"):
            await town.tick("2024-11-07T09:00", ticks)
    assert town.put_aside("firing") == 2
    assert await town.post.notices() == []


async def test_an_event_that_cannot_be_fanned_out_holds_up_neither_events_nor_firings(town: Town) -> None:
    await town.post.endpoint(types=["milestone.created", "occurrence.*"])
    await town.due()
    bad = (await town.post.events())[3].id
    await town.sql(f"""UPDATE webhook_event SET units = '["nobody"]' WHERE id = '{bad}'""")
    await town.tick("2024-11-07T09:00", Ticks(town.gate))
    assert len(await town.post.notices()) == TASKS
    heard = {row.id for row in await town.post.events() if row.type != "plan.published"}  # nobody listened then
    assert {row.event for row in await town.post.deliveries()} == heard - {bad}
    assert (town.put_aside("event"), town.put_aside("firing")) == (1, 0)
    numbers = sorted(row.number for row in await town.post.events() if row.number is not None)
    assert numbers == list(range(1, len(numbers) + 1))


async def test_an_endpoint_whose_digest_cannot_be_made_keeps_nobody_elses_back(town: Town) -> None:
    post = town.post
    spoilt = await post.endpoint(types=["milestone.created"], rhythm="daily")
    good = await post.endpoint(types=["occurrence.*"], rhythm="daily")
    await town.due()
    await town.tick("2024-11-07T09:00", Ticks(town.gate))
    await town.sql("UPDATE webhook_event SET message = '{' WHERE type = 'milestone.created'")
    post.set("2024-11-08T08:30")
    town.clock.instant = post.now
    telling = Telling()
    assert await telling(town.gate) == 1
    assert await telling(town.gate) == 0
    assert [row.endpoint for row in await post.events() if row.type == "endpoint.digest"] == [good]
    assert town.put_aside("digest") == 1
    waiting = [row for row in await post.deliveries() if row.endpoint == spoilt]
    assert {row.status for row in waiting} == {"waiting"}
    assert len(waiting) == TASKS


async def test_an_outage_puts_nothing_aside(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    await town.due()
    ticks = Ticks(town.gate)

    async def away(*_: object, **__: object) -> None:
        raise Unavailable

    with monkeypatch.context() as patched:
        patched.setattr("service.runner.ticks.fire_due", away)
        with pytest.raises(Unavailable):
            await town.tick("2024-11-07T09:00", ticks)
    assert town.put_aside("firing") == 0
    await ticks.tick()
    assert len(await town.post.notices()) == TASKS
