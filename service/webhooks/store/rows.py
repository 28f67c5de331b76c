"""Writing many rows in one statement, past the ORM: events and deliveries are made by the ten thousand.

Rows of the ORM would take four times as long, nearly all of it in typing every value of every row anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import DateTime, Dialect
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from service.kit.database import Instant, Session


@dataclass(frozen=True, slots=True)
class Same:
    """A column whose value is the same in every row."""

    value: Any


Column = Sequence[Any] | Same


def is_postgresql(session: Session) -> bool:
    """Whether this session talks to PostgreSQL; else it is SQLite."""
    return session.get_bind().dialect.name == "postgresql"


async def insert_rows(session: Session, table: type[SQLModel], columns: Mapping[str, Column]) -> None:
    """Insert rows that are given by their columns, each as long as the others. JSON is text already.

    On PostgreSQL the columns travel as arrays: one statement and a few values however many rows.
    """
    count = next(len(each) for each in columns.values() if not isinstance(each, Same))
    if not count:
        return
    connection = await session.connection()
    names = tuple(columns)
    if is_postgresql(session):
        same = frozenset(name for name, each in columns.items() if isinstance(each, Same))
        values = tuple(each.value if isinstance(each, Same) else list(each) for each in columns.values())
        await connection.exec_driver_sql(_on_postgresql(table, names, same), values)
        return
    plain = [_plain(table, name, each, count) for name, each in columns.items()]
    await connection.exec_driver_sql(_on_sqlite(table, names), list(zip(*plain, strict=True)))


@cache
def _on_postgresql(table: type[SQLModel], names: tuple[str, ...], same: frozenset[str]) -> str:
    types = {name: _type_of(table, name) for name in names}
    places = {name: f"${place}" for place, name in enumerate(names, start=1)}
    many = [name for name in names if name not in same]
    # JSON travels as text: arrays of jsonb are not understood by every driver.
    arrays = ", ".join(f"{places[name]}::{_travels_as(types[name])}[]" for name in many)
    shown = ", ".join(
        f"{places[name]}::{_travels_as(types[name])}::{types[name]}" if name in same else f'r."{name}"::{types[name]}'
        for name in names
    )
    listed, rows = ", ".join(f'"{name}"' for name in names), ", ".join(f'"{name}"' for name in many)
    return (
        f"INSERT INTO {table.__tablename__} ({listed}) "  # noqa: S608 - names of our own columns
        f"SELECT {shown} FROM unnest({arrays}) AS r ({rows})"
    )


@cache
def _on_sqlite(table: type[SQLModel], names: tuple[str, ...]) -> str:
    listed, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" for _ in names)
    return f"INSERT INTO {table.__tablename__} ({listed}) VALUES ({marks})"  # noqa: S608 - names of our own columns


def _column(table: type[SQLModel], name: str) -> Any:
    return SQLModel.metadata.tables[str(table.__tablename__)].c[name]


@cache
def _type_of(table: type[SQLModel], name: str) -> str:
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # the library leaves it without types
    kind = str(_column(table, name).type.compile(dialect))
    return "text" if kind.startswith("VARCHAR") else kind  # a cast to a length would cut, where the column refuses


def _travels_as(kind: str) -> str:
    return "text" if kind == "JSONB" else kind


def _plain(table: type[SQLModel], name: str, column: Column, count: int) -> Sequence[Any]:
    """A column as the driver of SQLite takes it: tuples go to it as they are."""
    kind = _column(table, name).type
    instants = isinstance(kind, Instant | DateTime)
    if isinstance(column, Same):
        return [spelled(column.value) if instants else column.value] * count
    if not instants:
        return column
    known: dict[Any, Any] = {}
    return [known[each] if each in known else known.setdefault(each, spelled(each)) for each in column]


def spelled(at: datetime | None) -> str | None:
    """An instant as it stands in SQLite: naive UTC with six digits of a second, so that texts sort as instants do."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds") if at is not None else None
