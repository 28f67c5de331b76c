"""Many rows in one statement, past the ORM: events and deliveries are made and changed by the ten thousand.

Rows of the ORM would take four times as long, nearly all of it in typing every value of every row anew.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, DateTime, Dialect, String, func, literal
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel, select

from service.kit.database import Instant, Session
from service.kit.driver import execute_many, fetch, is_postgresql


@dataclass(frozen=True, slots=True)
class Same:
    """A column whose value is the same in every row."""

    value: Any


Column = Sequence[Any] | Same

_BY = "by "  # before the name of a column that rows are found by


def among(session: Session, column: Any, ids: Collection[str]) -> Any:
    """Whether a column is one of these: one value and the same statement, however many they are.

    `IN` would be written anew, parsed anew and planned anew for every number of them.
    """
    if is_postgresql(session):
        return column == func.any(literal(list(ids), ARRAY(String)))
    each = func.json_each(json.dumps(list(ids))).table_valued("value")
    return column.in_(select(each.c.value))


async def insert_rows(session: Session, table: type[SQLModel], columns: Mapping[str, Column]) -> None:
    """Insert rows that are given by their columns, each as long as the others. JSON is text already.

    On PostgreSQL the columns travel as arrays: one statement and a few values however many rows.
    """
    if count := _count(columns):
        await _write(session, table, columns, count, _inserting(session, table, tuple(columns), _same(columns)))


async def update_rows(
    session: Session, table: type[SQLModel], columns: Mapping[str, Column], *, by: Mapping[str, Column]
) -> None:
    """Change rows that are found `by` these columns, in the way of `insert_rows`. What is not found is passed over."""
    if count := _count(by):
        # One of the columns may be among those that the row is found by: they travel under names of their own.
        given = {**columns, **{f"{_BY}{name}": each for name, each in by.items()}}
        await _write(session, table, given, count, _updating(session, table, tuple(given), _same(given)))


async def _write(
    session: Session, table: type[SQLModel], columns: Mapping[str, Column], count: int, statement: str
) -> None:
    if is_postgresql(session):
        values = [each.value if isinstance(each, Same) else list(each) for each in columns.values()]
        await fetch(session, statement, values)
        return
    plain = [_plain(table, name, each, count) for name, each in columns.items()]
    await execute_many(session, statement, list(zip(*plain, strict=True)))


def _count(columns: Mapping[str, Column]) -> int:
    return next(len(each) for each in columns.values() if not isinstance(each, Same))


def _same(columns: Mapping[str, Column]) -> frozenset[str]:
    return frozenset(name for name, each in columns.items() if isinstance(each, Same))


def _inserting(session: Session, table: type[SQLModel], names: tuple[str, ...], same: frozenset[str]) -> str:
    return _insert_on_postgresql(table, names, same) if is_postgresql(session) else _insert_on_sqlite(table, names)


def _updating(session: Session, table: type[SQLModel], names: tuple[str, ...], same: frozenset[str]) -> str:
    return _update_on_postgresql(table, names, same) if is_postgresql(session) else _update_on_sqlite(table, names)


@cache
def _insert_on_postgresql(table: type[SQLModel], names: tuple[str, ...], same: frozenset[str]) -> str:
    shown, rows = _travelling(table, names, same)
    listed = ", ".join(_quoted(names))
    return f"INSERT INTO {table.__tablename__} ({listed}) SELECT {', '.join(shown.values())} FROM {rows}"  # noqa: S608 - names of our own columns


@cache
def _update_on_postgresql(table: type[SQLModel], names: tuple[str, ...], same: frozenset[str]) -> str:
    shown, rows = _travelling(table, names, same)
    changes = ", ".join(f'"{name}" = {shown[name]}' for name in names if not name.startswith(_BY))
    found = " AND ".join(f't."{name.removeprefix(_BY)}" = {shown[name]}' for name in names if name.startswith(_BY))
    return f"UPDATE {table.__tablename__} AS t SET {changes} FROM {rows} WHERE {found}"  # noqa: S608 - names of our own columns


def _travelling(table: type[SQLModel], names: tuple[str, ...], same: frozenset[str]) -> tuple[dict[str, str], str]:
    """Name → how it is written in the statement; and the rows of those that differ from row to row."""
    types = {name: _type_of(table, name) for name in names}
    places = {name: f"${place}" for place, name in enumerate(names, start=1)}
    many = [name for name in names if name not in same]
    # JSON travels as text: arrays of jsonb are not understood by every driver.
    arrays = ", ".join(f"{places[name]}::{_travels_as(types[name])}[]" for name in many)
    shown = {
        name: f"{places[name]}::{_travels_as(types[name])}::{types[name]}"
        if name in same
        else f'r."{name}"::{types[name]}'
        for name in names
    }
    return shown, f"unnest({arrays}) AS r ({', '.join(_quoted(many))})"


@cache
def _insert_on_sqlite(table: type[SQLModel], names: tuple[str, ...]) -> str:
    listed, marks = ", ".join(_quoted(names)), ", ".join("?" for _ in names)
    return f"INSERT INTO {table.__tablename__} ({listed}) VALUES ({marks})"  # noqa: S608 - names of our own columns


@cache
def _update_on_sqlite(table: type[SQLModel], names: tuple[str, ...]) -> str:
    changes = ", ".join(f'"{name}" = ?' for name in names if not name.startswith(_BY))
    found = " AND ".join(f'"{name.removeprefix(_BY)}" = ?' for name in names if name.startswith(_BY))
    return f"UPDATE {table.__tablename__} SET {changes} WHERE {found}"  # noqa: S608 - names of our own columns


def _quoted(names: Sequence[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def _column(table: type[SQLModel], name: str) -> Any:
    return SQLModel.metadata.tables[str(table.__tablename__)].c[name.removeprefix(_BY)]


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
