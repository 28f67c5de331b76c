"""The world that tests of feeds live in."""

from collections.abc import AsyncIterator

import pytest

from service.kit.database import Database
from tests.feeds.world import Watch, World, desk_on, settle


@pytest.fixture
async def world(database: Database) -> World:
    """A small jurisdiction on 1 October 2024: once on SQLite, once on PostgreSQL."""
    clock = Watch()
    return await settle(database, clock, desk_on(database, clock))


@pytest.fixture
async def quick_world(sqlite_url: str) -> AsyncIterator[World]:
    """The same on SQLite alone, for what does not depend on the database."""
    clock = Watch()
    database = Database(sqlite_url)
    yield await settle(database, clock, desk_on(database, clock))
    await database.close()
