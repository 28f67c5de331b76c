"""The world that tests of the runner live in: that of reminders, with a gate whose clock can be set."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from service.gate.state import Gate
from service.kit.database import Database
from service.settings import Settings
from tests.conftest import SECRET
from tests.reminders.world import World


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
