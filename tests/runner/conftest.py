"""The world that tests of the runner live in: that of reminders, with a gate whose clock can be set."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from service.gate.state import Gate
from service.kit.clock import SimulatedClock
from service.kit.database import Database
from service.kit.outbound.client import Outbound
from service.runner.supervising import Signals
from service.settings import Settings
from tests.conftest import SECRET
from tests.kit.outbound.receivers import LOOPBACK
from tests.reminders.world import World
from tests.runner.office import Office
from tests.webhooks.world import Post


@dataclass
class SetClock:
    """A clock that tests set."""

    instant: datetime

    def now(self) -> datetime:
        """Where it was set."""
        return self.instant


@dataclass
class Doors:
    """A world and the gates of the processes that serve it: each has its own connections, all have one clock."""

    world: World
    clock: SetClock
    gate: Gate
    others: list[Gate] = field(default_factory=list)

    def set(self, text: str) -> None:
        """Go to a civil time in Shanghai."""
        self.world.set(text)
        self.clock.instant = self.world.now

    def another(self) -> Gate:
        """The gate of another process on the same database."""
        url = self.gate.database.url.render_as_string(hide_password=False)
        made = Gate(self.gate.settings, Database(url), self.clock)
        self.others.append(made)
        return made

    async def close(self) -> None:
        """Give the connections of the others back."""
        for each in self.others:
            await each.database.close()


@pytest.fixture
async def world(database: Database, now: datetime) -> World:
    """A small jurisdiction on 1 October 2024, 08:00 in Shanghai: once on SQLite, once on PostgreSQL."""
    made = World(database, now)
    await made.settle()
    return made


@pytest.fixture
async def doors(world: World, now: datetime) -> AsyncIterator[Doors]:
    """The gate of one process, and of others that a test asks for."""
    clock = SetClock(now)
    made = Doors(world, clock, Gate(Settings(secret=SECRET), world.database, clock))
    yield made
    await made.close()


@pytest.fixture
async def office(database: Database, now: datetime) -> AsyncIterator[Office]:
    """The world of webhooks with a loop that may reach this machine."""
    post = Post(database, now)
    await post.settle_in()
    post.real = datetime.now(UTC)
    gate = Gate(Settings(secret=SECRET, public_url="https://milepost.test"), database, SimulatedClock(now, 0))
    async with Outbound(allow_networks=LOOPBACK) as outbound:
        yield Office(post, gate, Signals(), outbound)
    await gate.close()
