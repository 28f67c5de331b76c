"""What the driver's errors mean to whoever asked: our mistake, or a database that is away for the moment."""

import asyncio
import io
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import text

from service.kit import database as kit
from service.kit.database import Database
from service.kit.errors import Unavailable


async def _run(database: Database, *statements: str) -> None:
    async with database.write() as session:
        connection = await session.connection()
        for each in statements:
            await connection.execute(text(each))


@pytest.mark.parametrize("wrong", ("SELECT * FROM nothing", "SELECT nothing FROM plan", "SELEKT 1"))
async def test_a_statement_that_is_wrong_is_no_outage(database: Database, wrong: str) -> None:
    with pytest.raises(DBAPIError):
        await _run(database, wrong)


async def test_a_missing_table_is_answered_as_our_mistake_and_logged(
    api: httpx.AsyncClient, database: Database, logged: io.StringIO
) -> None:
    await _run(database, "DROP TABLE journal_entry")
    answer = await api.get("/api/v1/audit")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:milepost:problem:unexpected")
    assert "journal_entry" not in answer.text
    errors = [line for line in map(json.loads, logged.getvalue().splitlines()) if line["level"] == "error"]
    assert any("journal_entry" in str(line) for line in errors)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Somebody else writes to this file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


async def test_a_file_that_somebody_else_writes_to_is_away(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit, "BUSY_TIMEOUT_MS", 0)
    database = Database(sqlite_url)
    with _held(tmp_path / "milepost.db"), pytest.raises(Unavailable):
        await _run(database, "SELECT 1")
    await database.close()


async def test_a_full_disk_is_an_outage(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with pytest.raises(Unavailable):
        await _run(database, "PRAGMA max_page_count = 1", "CREATE TABLE more AS SELECT zeroblob(1000000)")
    await database.close()


async def test_a_file_that_cannot_be_opened_is_an_outage(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}")  # a folder
    with pytest.raises(Unavailable):
        await _run(database, "SELECT 1")
    await database.close()
    # The driver's thread still says goodbye to the loop, which must be there to hear it.
    for thread in threading.enumerate():
        if "connection_worker" in thread.name:
            await asyncio.to_thread(thread.join)


@pytest.mark.parametrize("state", ("53100", "53300", "57P03", "58030"))
async def test_what_postgresql_says_of_its_own_state_is_an_outage(postgresql_url: str, state: str) -> None:
    database = Database(postgresql_url)
    with pytest.raises(Unavailable):
        await _run(database, f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$")
    await database.close()
