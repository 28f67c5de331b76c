"""The world that tests of previews live in."""

from datetime import datetime

import pytest

from service.kit.database import Database
from tests.reminders.world import World


@pytest.fixture
async def world(database: Database, now: datetime) -> World:
    """A small jurisdiction on 1 October 2024, 08:00 in Shanghai: once on SQLite, once on PostgreSQL."""
    made = World(database, now)
    await made.settle()
    return made
