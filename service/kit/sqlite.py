"""SQLite's driver, with one visit to its thread a statement.

aiosqlite visits the connection's thread for the cursor, the statement, its rows and the cursor's end: four times, each
of which wakes two threads. SQLAlchemy reads all rows of a statement at once anyway, so here they come with it.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Self

import aiosqlite

STATEMENTS = 512  # that a connection keeps prepared


class _Cursor:
    """A statement and all its rows, as far as SQLAlchemy's adapter asks for them."""

    def __init__(self, connection: "_Connection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        """Run a statement and read its rows. Raises sqlite3.Error."""
        await self._connection.visit(self._run, sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Self:
        """Run a statement once for each of these; it has no rows. Raises sqlite3.Error."""
        await self._connection.visit(self._run_many, sql, parameters)
        return self

    def _run(self, own: sqlite3.Connection, sql: str, parameters: Sequence[Any]) -> None:
        cursor = own.execute(sql, parameters)
        self._rows = cursor.fetchall()
        self._end(cursor)

    def _run_many(self, own: sqlite3.Connection, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        self._end(own.executemany(sql, parameters))

    def _end(self, cursor: sqlite3.Cursor) -> None:
        self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
        cursor.close()

    async def fetchall(self) -> list[Any]:
        """The rows, once."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is open."""


class _Connection(aiosqlite.Connection):
    """aiosqlite's connection; its thread is not waited for when the process ends."""

    def __init__(self, connector: Any) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True

    def cursor(self) -> Any:
        """A cursor that answers as a whole."""
        return _Cursor(self)

    async def visit(self, work: Any, *given: Any) -> Any:
        """Do this in the connection's thread, with the connection itself; its answer."""
        return await self._execute(work, self._conn, *given)  # type: ignore[no-untyped-call]  # the library leaves it without types


def connecting(database: str, *, timeout: float = 5.0, uri: bool = False, check_same_thread: bool = True) -> Any:
    """What SQLAlchemy's adapter awaits to connect (`async_creator_fn`), with what it says of the database."""
    return _Connection(
        lambda: sqlite3.connect(
            database, timeout=timeout, uri=uri, check_same_thread=check_same_thread, cached_statements=STATEMENTS
        )
    )
