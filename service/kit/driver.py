"""The driver beneath a session, for statements that are run many times a second.

SQLAlchemy's way to the driver takes four to eight times as long as the driver itself. What is run here belongs to the
session's transaction like everything else; values and rows are the driver's own.
"""

import sqlite3
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from service.kit.database import Session

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


async def execute_many(session: Session, words: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run a statement of SQLite once for each of these. Raises sqlite3.Error."""
    await (await _driver(session)).visit(_run_many, words, rows)


def is_postgresql(session: Session) -> bool:
    """Whether this session talks to PostgreSQL; else it is SQLite."""
    return session.get_bind().dialect.name == "postgresql"


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


def _run_many(own: sqlite3.Connection, words: str, rows: Sequence[Sequence[Any]]) -> None:
    own.executemany(words, rows).close()
