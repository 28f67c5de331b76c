"""Many rows in one statement, past the ORM: events and deliveries are made and changed by the ten thousand.

Rows of the ORM would take four times as long, nearly all of it in typing every value of every row anew.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydantic_core import to_json
from sqlalchemy import ARRAY, DateTime, Dialect, LargeBinary, String, func, literal
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel, select

from service.kit.database import Instant, Session
from service.kit.driver import execute_many, fetch, is_postgresql


@dataclass(frozen=True, slots=True)
class Same:
    """A column whose value is the same in every row."""

    value: Any


Column = Sequence[Any] | Same

_FEW = 20  # rows; with fewer it is not worth looking
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

    They travel as one value or a few, however many rows there are: on PostgreSQL each column as an array, on SQLite the
    rows as JSON. A statement for each row would make SQLite's thread and the loop wait for each other row by row.
    """
    await _write(session, table, columns, _insert)


async def update_rows(
    session: Session, table: type[SQLModel], columns: Mapping[str, Column], *, by: Mapping[str, Column]
) -> None:
    """Change rows that are found `by` these columns, in the way of `insert_rows`. What is not found is passed over."""
    # One of the columns may be among those that the row is found by: they travel under names of their own.
    await _write(session, table, {**columns, **{f"{_BY}{name}": each for name, each in by.items()}}, _update)


_Names = tuple[str, ...]
# How rows travel: name → how it is written in a statement, and where the rows come from.
_Shape = Callable[[type[SQLModel], _Names, frozenset[str]], tuple[dict[str, str], str]]
_Spelling = Callable[[type[SQLModel], _Names, frozenset[str], _Shape], str]


async def _write(session: Session, table: type[SQLModel], columns: Mapping[str, Column], spelling: _Spelling) -> None:
    if not all(isinstance(each, Same) or each for each in columns.values()):
        return  # no rows
    found = {name: _shared(each) for name, each in columns.items()}
    if not all(isinstance(each, Same) for each in found.values()):
        columns = found
    names, same = tuple(columns), frozenset(name for name, each in columns.items() if isinstance(each, Same))
    if is_postgresql(session):
        values = [each.value if isinstance(each, Same) else list(each) for each in columns.values()]
        await fetch(session, spelling(table, names, same, _as_arrays), values)
        return
    if blobs := _with_bytes(table, columns):
        await _write_with_bytes(session, table, columns, spelling(table, names, same | blobs, _as_json))
        return
    plain = {name: _plain(table, name, each) for name, each in columns.items()}
    fixed = [plain[name] for name in names if name in same]
    rows = list(zip(*(plain[name] for name in names if name not in same), strict=True))
    await fetch(session, spelling(table, names, same, _as_json), [*fixed, _as_text(rows)])


def _shared(column: Column) -> Column:
    """The same column; as one value where there are many rows and it is the same in all."""
    if isinstance(column, Same) or len(column) < _FEW or column.count(column[0]) < len(column):
        return column
    return Same(column[0])


async def _write_with_bytes(
    session: Session, table: type[SQLModel], columns: Mapping[str, Column], statement: str
) -> None:
    """JSON holds no bytes: row by row, they beside it."""
    plain = {name: _plain(table, name, each) for name, each in columns.items()}
    blobs = _with_bytes(table, columns)
    count = next(len(each) for each in columns.values() if not isinstance(each, Same))
    fixed = [
        [plain[name]] * count if isinstance(each, Same) else plain[name]
        for name, each in columns.items()
        if isinstance(each, Same) or name in blobs
    ]
    many = [plain[name] for name, each in columns.items() if not isinstance(each, Same) and name not in blobs]
    rows = [_as_text([row]) for row in zip(*many, strict=True)]
    await execute_many(session, statement, list(zip(*fixed, rows, strict=True)))


def _with_bytes(table: type[SQLModel], columns: Mapping[str, Column]) -> frozenset[str]:
    """The columns in which there are bytes that differ from row to row."""
    return frozenset(
        name
        for name, each in columns.items()
        if isinstance(_column(table, name).type, LargeBinary)
        and not isinstance(each, Same)
        and any(one is not None for one in each)
    )


@cache
def _insert(table: type[SQLModel], names: _Names, same: frozenset[str], shape: _Shape) -> str:
    shown, rows = shape(table, names, same)
    listed = ", ".join(_quoted(names))
    return f"INSERT INTO {table.__tablename__} ({listed}) SELECT {', '.join(shown.values())} FROM {rows}"  # noqa: S608 - names of our own columns


@cache
def _update(table: type[SQLModel], names: _Names, same: frozenset[str], shape: _Shape) -> str:
    shown, rows = shape(table, names, same)
    changes = ", ".join(f'"{name}" = {shown[name]}' for name in names if not name.startswith(_BY))
    found = " AND ".join(f't."{name.removeprefix(_BY)}" = {shown[name]}' for name in names if name.startswith(_BY))
    return f"UPDATE {table.__tablename__} AS t SET {changes} FROM {rows} WHERE {found}"  # noqa: S608 - names of our own columns


def _as_arrays(table: type[SQLModel], names: _Names, same: frozenset[str]) -> tuple[dict[str, str], str]:
    """Name → how it is written in a statement for PostgreSQL; and the rows of those that differ from row to row."""
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


def _as_json(_table: type[SQLModel], names: _Names, same: frozenset[str]) -> tuple[dict[str, str], str]:
    """The same for SQLite: what all rows have in common first, then the rows."""
    fixed, many = [name for name in names if name in same], [name for name in names if name not in same]
    shown = {name: f"?{fixed.index(name) + 1}" if name in same else f"r.value->>{many.index(name)}" for name in names}
    return shown, f"json_each(?{len(fixed) + 1}) AS r"


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


def _plain(table: type[SQLModel], name: str, column: Column) -> Any:
    """A column, or the value that its rows have in common, as SQLite has it."""
    instants = isinstance(_column(table, name).type, Instant | DateTime)
    if isinstance(column, Same):
        return spelled(column.value) if instants else column.value
    if not instants:
        return column
    known: dict[Any, Any] = {}
    return [known[each] if each in known else known.setdefault(each, spelled(each)) for each in column]


def _as_text(rows: Sequence[Sequence[Any]]) -> str:
    return to_json(rows).decode()


def spelled(at: datetime | None) -> str | None:
    """An instant as it stands in SQLite: naive UTC with six digits of a second, so that texts sort as instants do."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds") if at is not None else None
