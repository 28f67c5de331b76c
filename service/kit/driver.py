"""The driver beneath a session, for statements that are run many times a second.

SQLAlchemy's way to the driver takes four to eight times as long as the driver itself. What is run here belongs to the
session's transaction like everything else; values and rows are the driver's own.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from service.kit.database import Session


async def fetch(session: Session, words: str, values: Sequence[Any] | Mapping[str, Any]) -> Sequence[Any]:
    """Run a statement; its rows, whose values are found by their place. Raises the driver's errors.

    PostgreSQL counts its values (`$1`), SQLite names them (`:name`) or counts them (`?`).
    """
    if is_postgresql(session):
        rows: Sequence[Any] = await (await _on_postgresql(session)).fetch(words, *values)
        return rows
    found: Sequence[Any] = await _driver(session).visit(_read, words, values)
    return found


async def execute_many(session: Session, words: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run a statement of SQLite once for each of these. Raises sqlite3.Error."""
    await _driver(session).visit(_run_many, words, rows)


def is_postgresql(session: Session) -> bool:
    """Whether this session talks to PostgreSQL; else it is SQLite."""
    return session.get_bind().dialect.name == "postgresql"


def _driver(session: Session) -> Any:
    # Whoever gave the session has connected it: nothing is waited for here.
    return session.sync_session.connection().connection.driver_connection


async def _on_postgresql(session: Session) -> Any:
    driver = _driver(session)
    if not driver.is_in_transaction():
        await (await session.connection()).exec_driver_sql("SELECT 1")  # SQLAlchemy begins with its first statement
    return driver


def _read(own: sqlite3.Connection, words: str, values: Sequence[Any] | Mapping[str, Any]) -> Sequence[Any]:
    cursor = own.execute(words, values)
    rows = cursor.fetchall()
    cursor.close()
    return rows


def _run_many(own: sqlite3.Connection, words: str, rows: Sequence[Sequence[Any]]) -> None:
    own.executemany(words, rows).close()
