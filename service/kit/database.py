"""The database: one engine, sessions that read and that write, column types that mean the same on both databases."""

import asyncio
import contextlib
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import JSON, Connection, Dialect, Index, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import DateTime, TypeDecorator
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from service.kit import postgresql
from service.kit.errors import Conflict, Unavailable
from service.kit.sqlite import connecting
from service.kit.stopwatch import stopwatch

SQLITE = (3, 38)  # `->>`, which rows travel with; `RETURNING` and `UPDATE … FROM` are older
BUSY_TIMEOUT_MS = 15_000
CACHE_KIB = 16 * 1024  # of pages that each connection may keep: with 2 MiB a batch is read anew row by row
WAL_PAGES = 16 * 1024  # of 4 KiB, before they go into the file: with 1,000 every larger batch waits for that
SWITCH_S = (
    0.0003  # of the interpreter, between threads: with 5 ms SQLite's waits that long, row after row, for the loop
)
UNUSED_S = 1.0  # seconds after which a connection to PostgreSQL is asked whether it still is one
WRITES = "milepost_writes"
MIGRATES = "milepost_migrates"
BEHIND = "milepost_behind"  # in a session: what is still being written, see `kit.driver`
_LEFT = "milepost_left"

# What rooms call a session, so that actions need not name the library.
Session = AsyncSession

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# `sa_type` of JSON columns. None is stored as SQL NULL, so that "has none" is the same question on both databases.
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
# The same where rows are written by the ten thousand: what no query looks into is kept as it came.
JsonText = JSON(none_as_null=True)


Given = TypeVar("Given")

# Somebody else came first: a unique or foreign key, a deadlock, a serialization failure (SQLSTATE; SQLite's own names).
_CONTRADICTIONS = frozenset(
    {
        "23503",
        "23505",
        "40001",
        "40P01",
        "SQLITE_CONSTRAINT_UNIQUE",
        "SQLITE_CONSTRAINT_PRIMARYKEY",
        "SQLITE_CONSTRAINT_FOREIGNKEY",
    }
)
# The store cannot be used for the moment. SQLite tells it by the second word of its result codes; "no such table" is an
# OperationalError too, but SQLITE_ERROR: a fault of ours, which no repetition mends.
_AWAY_ON_SQLITE = frozenset({"BUSY", "CANTOPEN", "FULL", "IOERR", "LOCKED", "NOMEM", "PROTOCOL", "READONLY"})
# PostgreSQL's classes: connection, resources (disk full, too many connections), shutting down or starting, its system.
_AWAY_ON_POSTGRESQL = ("08", "53", "57P0", "58")
# The drivers' errors that have no code where the connection is gone.
_AWAY = (sqlite3.OperationalError, sqlite3.InterfaceError)
_MEANWHILE = "Somebody changed the same thing at the same moment: read it again, then repeat your change."


def partial_index(name: str, *columns: Any, where: str, unique: bool = False) -> Index:
    """An index of those rows that fulfil a condition. Only a query that has the condition to the letter can use it."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


class Instant(TypeDecorator[datetime]):
    """An instant: aware and in UTC in Python, `timestamptz` on PostgreSQL, naive UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone must not reach the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """One database for the life of a process. `read()` and `write()` give a session in a transaction.

    SQLite: WAL, foreign keys on, writers begin IMMEDIATE (a reader that becomes a writer half-way would fail with
    SQLITE_BUSY whatever the timeout) and take turns in this process before they queue at the file.
    """

    def __init__(self, url: str) -> None:
        self.url = read_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgresql_engine(self.url)
        self._turn = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        """A session for looking only: rolled back at the end. Raises Unavailable."""
        with _translated():
            async with Session(self.engine, expire_on_commit=False) as session:
                await self._connect(session)
                yield session

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        """A session in one transaction: committed at the end of the block, rolled back when it raises.

        Raises Conflict when a key or a lock shows that somebody else came first, Unavailable when the database is away.
        """
        with _translated():
            async with self._writer(), Session(self.engine, expire_on_commit=False) as session:
                connection = await self._connect(session, options={WRITES: True})
                try:
                    yield session
                finally:
                    behind = await asyncio.gather(*session.info.pop(BEHIND, ()), return_exceptions=True)
                for each in behind:
                    if isinstance(each, BaseException):
                        raise each
                try:
                    await session.commit()
                except BaseException:
                    # After a COMMIT that failed (disk full, cut off half-way) SQLite may still stand inside the
                    # transaction, and the pool takes it for finished: the next request would find it open.
                    await connection.invalidate()
                    raise

    async def migrate(self, step: Callable[[Connection], Given]) -> Given:
        """Run a change of the schema in one transaction, alone; on SQLite without enforcing foreign keys meanwhile.

        SQLite alters most things by making a table anew, and with foreign keys on, dropping the old one would empty
        every table that refers to it. They are checked as a whole before the commit.
        """
        if path := sqlite_path(self.url):
            path.parent.mkdir(parents=True, exist_ok=True)
        with _translated():
            async with self._writer(), self.engine.connect() as connection:
                await connection.execution_options(**{MIGRATES: True, WRITES: True})
                try:
                    async with connection.begin():
                        await connection.run_sync(_lock_schema)
                        given = await connection.run_sync(step)
                        await connection.run_sync(_check_references)
                finally:
                    if self.is_sqlite:
                        await connection.invalidate()  # its foreign keys are off; nobody may take it from the pool
                return given

    async def _connect(self, session: Session, *, options: dict[str, Any] | None = None) -> AsyncConnection:
        if self.is_sqlite and (path := sqlite_path(self.url)):
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return await session.connection(execution_options=options)
        except (OSError, PoolTimeout) as error:
            raise Unavailable from error

    @contextlib.asynccontextmanager
    async def _writer(self) -> AsyncIterator[None]:
        if not self.is_sqlite:
            yield
            return
        async with self._turn:
            yield

    async def close(self) -> None:
        """Give every connection back."""
        await self.engine.dispose()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Errors of the store that have a meaning for whoever asked, in the domain's words."""
    try:
        yield
    except DBAPIError as error:
        is_away = isinstance(error, OperationalError | InterfaceError)
        meaning = Unavailable() if error.connection_invalidated else _meaning_of(error.orig, is_away=is_away)
        if meaning is None:
            raise
        raise meaning from error
    except (sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # What `kit.driver` runs fails with the driver's own errors.
        meaning = _meaning_of(error, is_away=isinstance(error, _AWAY) or "connection is closed" in str(error))
        if meaning is None:
            raise
        raise meaning from error


def _meaning_of(error: BaseException | None, *, is_away: bool) -> Conflict | Unavailable | None:
    """What an error of the driver says; `is_away` where it has no code. None: it is a mistake of ours."""
    code = str(getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", ""))
    if code in _CONTRADICTIONS:
        return Conflict(_MEANWHILE)
    if code.startswith("SQLITE_"):
        is_away = code.split("_")[1] in _AWAY_ON_SQLITE
    elif code:
        is_away = code.startswith(_AWAY_ON_POSTGRESQL)
    return Unavailable() if is_away else None


async def alone(session: Session, purpose: str) -> None:
    """Wait until no other transaction is alone for this purpose; it ends with the transaction.

    On SQLite a writer is alone anyway.
    """
    connection = await session.connection()
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:purpose, 0))")
        await connection.execute(lock, {"purpose": purpose})


def _lock_schema(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('milepost schema', 0))"))


def _check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
        raise Conflict(f"The schema was not changed: {len(broken)} rows would refer to nothing.")


def read_url(text: str) -> URL:
    """A database address with the driver that Milepost uses. Raises ValueError with a sentence."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(
            "this is no database address; write sqlite:///var/milepost.db or postgresql://user:password@host/name"
        ) from None
    backend = url.get_backend_name()
    if backend == "sqlite":
        if sqlite3.sqlite_version_info < SQLITE:
            least = ".".join(map(str, SQLITE))
            raise ValueError(f"SQLite {least} or newer is needed, and this Python has {sqlite3.sqlite_version}")
        return url.set(drivername="sqlite+aiosqlite")
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+asyncpg")
    raise ValueError(f"'{backend}' is not supported; the database is SQLite or PostgreSQL")


def sqlite_path(url: URL) -> Path | None:
    """The file behind a SQLite address; None for memory and for PostgreSQL."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def _postgresql_engine(url: URL) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=10, max_overflow=10)
    event.listen(engine.sync_engine, "connect", postgresql.prepare)
    event.listen(engine.sync_engine, "checkin", _leave)
    event.listen(engine.sync_engine, "checkout", _ping)
    return engine


def _leave(_connection: object, record: Any) -> None:
    record.info[_LEFT] = stopwatch()


def _ping(connection: Any, record: Any, _given: object) -> None:
    """Whether a connection that nobody used for a while is still one; if not, the pool makes another.

    The pool's own ping (`pool_pre_ping`) takes three visits to the server each time, a third of a settlement's.
    """
    unused = record.info.get(_LEFT)
    if unused is not None and unused() > UNUSED_S:
        try:
            connection.ping()
        except connection.dbapi.Error as error:
            raise DisconnectionError from error


def _sqlite_engine(url: URL) -> AsyncEngine:
    sys.setswitchinterval(SWITCH_S)
    engine = create_async_engine(url, connect_args={"async_creator_fn": connecting})
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transaction handling is off: it would begin late, and not at all before DDL and SELECT.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "synchronous = FULL",  # a commit that was answered survives a power cut
        f"cache_size = {-CACHE_KIB}",
        f"wal_autocheckpoint = {WAL_PAGES}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get(MIGRATES, False):
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")  # has no effect inside a transaction
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(WRITES, False) else "BEGIN")
