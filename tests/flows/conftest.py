"""A database that holds the five seeds, for tests that only look."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.gate.transaction import change
from service.kit.actor import COMMAND
from service.kit.database import Database, Session
from tests.flows.desk import apply_seeds


async def _fill(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    now = datetime(2024, 10, 1, tzinfo=UTC)
    async with change(database, now=now) as session:
        await apply_seeds(session, COMMAND, now=now)
    await database.close()


@pytest.fixture(scope="session")
def seeded_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the seeds."""
    path = tmp_path_factory.mktemp("seeded") / "seeded.db"
    shutil.copy(sqlite_template, path)
    asyncio.run(_fill(path))
    return path


@pytest.fixture
async def seeded(seeded_file: Path) -> AsyncIterator[Session]:
    """A session for looking at the seeds."""
    database = Database(f"sqlite:///{seeded_file}")
    async with database.read() as session:
        yield session
    await database.close()
