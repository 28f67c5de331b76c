"""The world that tests of webhooks live in."""

from datetime import datetime

import pytest

from service.kit.database import Database
from tests.webhooks.world import Post


@pytest.fixture
async def post(database: Database, now: datetime) -> Post:
    """A small jurisdiction on 1 October 2024, 08:00 in Shanghai: once on SQLite, once on PostgreSQL."""
    made = Post(database, now)
    await made.settle_in()
    return made
