"""The driver beneath a session, for statements that are run many times a second.

SQLAlchemy's way to the driver takes four to eight times as long as the driver itself. What is run here belongs to the
session's transaction like everything else; values and rows are the driver's own.
"""

import asyncio
import sqlite3
import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import asyncpg

from service.kit.database import BEHIND, Session

_KNOWN = "milepost_driver"  # in a session: its transaction, and the driver's connection in it


async def fetch(session: Session, words: str, values: Sequence[Any] | Mapping[str, Any]) -> Sequence[Any]:
    """Run a statement; its rows, whose values are found by their place. Raises the driver's errors.

    PostgreSQL counts its values (`$1`), SQLite names them (`:name`) or counts them (`?`).
    """
    driver = await _driver(session)
    rows: Sequence[Any]
    if not is_postgresql(session):
        rows = await driver.visit(_read, words, values)
    elif driver.is_in_transaction():
        rows = await driver.fetch(words, *values)
    else:  # SQLAlchemy begins the transaction, with its first statement
        found = await (await session.connection()).exec_driver_sql(words, tuple(values))
        rows = found.all() if found.returns_rows else ()
    return rows


async def copy(session: Session, table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Send rows to a table of PostgreSQL with COPY. Raises the driver's errors, of all of them and not of a row."""
    driver = await _driver(session)
    if not driver.is_in_transaction():  # SQLAlchemy begins it, with its first statement
        await (await session.connection()).exec_driver_sql("SELECT 1")
    await driver.copy_records_to_table(table, records=rows, columns=names)


async def execute_all(
    session: Session, statements: Sequence[tuple[str, Sequence[Any]]], *, behind: bool = False
) -> None:
    """Run statements of SQLite one after another, with one visit to its thread. Raises sqlite3.Error.

    `behind`: they stand in its queue before anything that the session does next, but nobody waits for them until the
    commit, which is what fails if they do. So the next words can be made while these are written.
    """
    work = (await _driver(session)).visit(_run_all, statements)
    if not behind:
        await work
        return
    session.info.setdefault(BEHIND, []).append(asyncio.ensure_future(work))
    await asyncio.sleep(0)  # it has to have begun


async def nobody_writes(session: Session, table: str) -> bool:
    """Whether no transaction that is under way has written to a table; none does until this one ends.

    On SQLite a transaction that looks sees what is committed and nothing else.
    """
    if not is_postgresql(session):
        return True
    try:
        async with session.begin_nested():
            await fetch(session, f"LOCK TABLE {table} IN SHARE MODE NOWAIT", ())
    except (asyncpg.LockNotAvailableError, asyncpg.InsufficientPrivilegeError):
        return False
    return True


def is_postgresql(session: Session) -> bool:
    """Whether this session talks to PostgreSQL; else it is SQLite."""
    return session.get_bind().dialect.name == "postgresql"


def writes_behind(session: Session) -> bool:
    """Whether what is to be written behind is; else it is written at once."""
    return not is_postgresql(session)


async def _driver(session: Session) -> Any:
    """The driver's connection, within the session's transaction or savepoint."""
    known, driver = session.info.get(_KNOWN, (None, None))
    present = _transaction(session)
    if present is None or known is None or known() is not present:
        connection = await session.connection()  # begins what has not begun, a savepoint too
        driver = (await connection.get_raw_connection()).driver_connection
        session.info[_KNOWN] = (weakref.ref(_transaction(session)), driver)
    return driver


def _transaction(session: Session) -> Any:
    return session.sync_session.get_nested_transaction() or session.sync_session.get_transaction()


def _read(own: sqlite3.Connection, words: str, values: Sequence[Any] | Mapping[str, Any]) -> Sequence[Any]:
    cursor = own.execute(words, values)
    rows = cursor.fetchall()
    cursor.close()
    return rows


def _run_all(own: sqlite3.Connection, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
    for words, values in statements:
        own.execute(words, values).close()
