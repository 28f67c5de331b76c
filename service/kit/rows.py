"""Many rows in one statement, past the ORM: events and deliveries are made and changed by the ten thousand.

Rows of the ORM would take four times as long, nearly all of it in typing every value of every row anew.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache, partial
from itertools import chain
from typing import Any

from sqlalchemy import ARRAY, Date, DateTime, Dialect, String, Time, func, literal
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel, select

from service.kit.database import Instant, Session
from service.kit.driver import execute_all, fetch, is_postgresql


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


async def insert_rows(
    session: Session, table: type[SQLModel], columns: Mapping[str, Column], *, behind: bool = False
) -> None:
    """Insert rows that are given by their columns, each as long as the others. JSON is text already.

    They travel together, however many rows there are: on PostgreSQL each column as an array, on SQLite hundreds of rows
    a statement, and all statements with one visit to its thread. One at a time, its thread and the loop would wait for
    each other row by row. `behind`: see `kit.driver.execute_all`.
    """
    await _write(session, table, columns, _insert, behind=behind)


async def update_rows(
    session: Session,
    table: type[SQLModel],
    columns: Mapping[str, Column],
    *,
    by: Mapping[str, Column],
    behind: bool = False,
) -> None:
    """Change rows that are found `by` these columns, in the way of `insert_rows`. What is not found is passed over."""
    # One of the columns may be among those that the row is found by: they travel under names of their own.
    found_by = {f"{_BY}{name}": each for name, each in by.items()}
    await _write(session, table, {**columns, **found_by}, _update, behind=behind)


_Names = tuple[str, ...]
# How rows travel: what comes before the statement, name → how it is written in it, and where the rows come from.
_Shape = tuple[str, dict[str, str], str]
_Shaping = Callable[[type[SQLModel], _Names, frozenset[str]], _Shape]
_Spelling = Callable[[type[SQLModel], _Names, frozenset[str], _Shaping], str]


async def _write(
    session: Session, table: type[SQLModel], columns: Mapping[str, Column], spelling: _Spelling, *, behind: bool
) -> None:
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
    plain = {name: _plain(table, name, each) for name, each in columns.items()}
    fixed = [plain[name] for name in names if name in same]
    rows = list(zip(*(plain[name] for name in names if name not in same), strict=True))
    statements, done = [], 0
    for size in _PORTIONS:
        words = spelling(table, names, same, _as_values[size])
        while len(rows) - done >= size:
            statements.append((words, [*chain.from_iterable(rows[done : done + size]), *fixed]))
            done += size
    await execute_all(session, statements, behind=behind)


def _shared(column: Column) -> Column:
    """The same column; as one value where there are many rows and it is the same in all."""
    if isinstance(column, Same) or len(column) < _FEW or column.count(column[0]) < len(column):
        return column
    return Same(column[0])


@cache
def _insert(table: type[SQLModel], names: _Names, same: frozenset[str], shaping: _Shaping) -> str:
    before, shown, rows = shaping(table, names, same)
    listed = ", ".join(_quoted(names))
    return f"{before}INSERT INTO {table.__tablename__} ({listed}) SELECT {', '.join(shown.values())} FROM {rows}"  # noqa: S608 - names of our own columns


@cache
def _update(table: type[SQLModel], names: _Names, same: frozenset[str], shaping: _Shaping) -> str:
    before, shown, rows = shaping(table, names, same)
    changes = ", ".join(f'"{name}" = {shown[name]}' for name in names if not name.startswith(_BY))
    found = " AND ".join(f't."{name.removeprefix(_BY)}" = {shown[name]}' for name in names if name.startswith(_BY))
    return f"{before}UPDATE {table.__tablename__} AS t SET {changes} FROM {rows} WHERE {found}"  # noqa: S608 - names of our own columns


def _as_arrays(table: type[SQLModel], names: _Names, same: frozenset[str]) -> _Shape:
    """For PostgreSQL: an array for each column that differs from row to row."""
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
    return "", shown, f"unnest({arrays}) AS r ({', '.join(_quoted(many))})"


def _values(size: int, _table: type[SQLModel], names: _Names, same: frozenset[str]) -> _Shape:
    """For SQLite: so many rows of values, and after them what all have in common, in the order of the names."""
    many = [name for name in names if name not in same]
    row = f"({', '.join('?' * len(many))})"
    shown = {name: "?" if name in same else f'r."{name}"' for name in names}
    return f"WITH r ({', '.join(_quoted(many))}) AS (VALUES {', '.join([row] * size)}) ", shown, "r"


_PORTIONS = (500, 50, 5, 1)  # rows a statement: few texts, which stay prepared, for any number of rows
_as_values: Mapping[int, _Shaping] = {size: partial(_values, size) for size in _PORTIONS}


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
    kind = _column(table, name).type
    spell: Callable[[Any], Any]
    if isinstance(kind, Instant | DateTime):
        spell = spelled
    elif isinstance(kind, Date | Time):
        spell = _civil
    else:
        return column.value if isinstance(column, Same) else column
    if isinstance(column, Same):
        return spell(column.value)
    known: dict[Any, Any] = {}
    return [known[each] if each in known else known.setdefault(each, spell(each)) for each in column]


def _civil(each: date | time | None) -> str | None:
    """A day or a time of day as SQLAlchemy has it in SQLite."""
    if isinstance(each, time):
        return each.isoformat("microseconds")
    return each.isoformat() if each is not None else None


def spelled(at: datetime | None) -> str | None:
    """An instant as it stands in SQLite: naive UTC with six digits of a second, so that texts sort as instants do."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds") if at is not None else None
