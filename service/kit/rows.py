"""Many rows in one statement, past the ORM: events and deliveries are made and changed by the ten thousand.

Rows of the ORM would take four times as long, nearly all of it in typing every value of every row anew.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache, partial
from itertools import chain, repeat
from typing import Any, Self

from sqlalchemy import ARRAY, Date, DateTime, Dialect, String, Time, func, literal
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel, select

from service.kit.database import Instant, Session
from service.kit.driver import copy, execute_all, fetch, is_postgresql


@dataclass(frozen=True, slots=True)
class Same:
    """A column whose value is the same in every row."""

    value: Any


Column = Sequence[Any] | Same

_FEW = 20  # rows; with fewer it is not worth the trouble
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

    They travel together, however many rows there are: to PostgreSQL with COPY, which takes half the time of any
    statement there; to SQLite hundreds of rows a statement, and all statements with one visit to its thread. One at a
    time, its thread and the loop would wait for each other row by row. `behind`: see `kit.driver.execute_all`.
    """
    rows = _Rows.of(columns)
    if rows is None:
        return
    name = str(table.__tablename__)
    if is_postgresql(session):
        await copy(session, name, rows.names, rows.whole())
    else:
        rows = rows.on_sqlite(table)
        await execute_all(session, _portions(rows, partial(_insertion, name, rows.names, rows.same)), behind=behind)


async def update_rows(
    session: Session,
    table: type[SQLModel],
    columns: Mapping[str, Column],
    *,
    by: Mapping[str, Column],
    behind: bool = False,
) -> None:
    """Change rows that are found `by` these columns, all together. What is not found is passed over.

    On PostgreSQL each column travels as an array. On SQLite rows go into a table beside first, as in `insert_rows`: an
    UPDATE that looks them up there takes half the time of UPDATE … FROM.
    """
    # One of the columns may be among those that the row is found by: they travel under names of their own.
    rows = _Rows.of({**columns, **{f"{_BY}{name}": each for name, each in by.items()}})
    if rows is None:
        return
    if is_postgresql(session):
        values = [each.value if isinstance(each, Same) else list(each) for each in rows.columns]
        await fetch(session, _change_by_arrays(table, rows.names, rows.same), values)
        return
    rows = rows.on_sqlite(table)
    make, empty, given, change = _change_by_table(str(table.__tablename__), rows.names, rows.same)
    fill = _portions(rows, partial(_insertion, given, rows.many, frozenset[str]()), alone=True)
    await execute_all(session, [(make, ()), (empty, ()), *fill, (change, rows.shared())], behind=behind)


_Names = tuple[str, ...]
_Statement = tuple[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows by their columns; `same` are those whose value all of them share."""

    names: _Names
    columns: Sequence[Column]
    same: frozenset[str]

    @classmethod
    def of(cls, given: Mapping[str, Column]) -> Self | None:
        """None: there are no rows. Raises ValueError where nothing says how many there are."""
        if all(isinstance(each, Same) for each in given.values()):
            raise ValueError("every column is the same in all rows, and nothing says how many these are")
        if not all(isinstance(each, Same) or each for each in given.values()):
            return None
        columns = [_shared(each) for each in given.values()]
        if all(isinstance(each, Same) for each in columns):
            columns = list(given.values())
        return cls._with(tuple(given), columns)

    @classmethod
    def _with(cls, names: _Names, columns: Sequence[Column]) -> Self:
        same = (name for name, each in zip(names, columns, strict=True) if isinstance(each, Same))
        return cls(names, columns, frozenset(same))

    def on_sqlite(self, table: type[SQLModel]) -> Self:
        """The same, as SQLite has them."""
        pairs = zip(self.names, self.columns, strict=True)
        return self._with(self.names, [_plain(table, name, each) for name, each in pairs])

    @property
    def many(self) -> _Names:
        """The names of those that differ."""
        return tuple(name for name in self.names if name not in self.same)

    def apart(self) -> Iterator[tuple[Any, ...]]:
        """Row by row, without what they share."""
        return zip(*(each for each in self.columns if not isinstance(each, Same)), strict=True)

    def whole(self) -> Iterator[tuple[Any, ...]]:
        """Row by row."""
        return zip(*(repeat(each.value) if isinstance(each, Same) else each for each in self.columns), strict=False)

    def shared(self) -> list[Any]:
        """What they share."""
        return [each.value for each in self.columns if isinstance(each, Same)]


def _shared(column: Column) -> Column:
    """The same column; as one value where there are many rows and it is the same in all."""
    if isinstance(column, Same) or len(column) < _FEW or column[0] != column[-1]:
        return column
    return Same(column[0]) if column.count(column[0]) == len(column) else column


# ── SQLite ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_PORTIONS = (500, 50, 5, 1)  # rows a statement: few texts, which stay prepared, for any number of rows


def _portions(rows: _Rows, words: Callable[[int], str], *, alone: bool = False) -> list[_Statement]:
    """Statements that write all rows; `alone`: without what they share."""
    listed, shared, done = list(rows.apart()), [] if alone else rows.shared(), 0
    statements = list[_Statement]()
    for size in _PORTIONS:
        while len(listed) - done >= size:
            statements.append((words(size), [*chain.from_iterable(listed[done : done + size]), *shared]))
            done += size
    return statements


@cache
def _insertion(into: str, names: _Names, same: frozenset[str], size: int) -> str:
    """So many rows of values, and after them what all have in common, in the order of the names."""
    many = [name for name in names if name not in same]
    rows = ", ".join([f"({', '.join('?' * len(many))})"] * size)
    shown = ", ".join("?" if name in same else f'r."{name}"' for name in names)
    return f"WITH r ({_quoted(many)}) AS (VALUES {rows}) INSERT INTO {into} ({_quoted(names)}) SELECT {shown} FROM r"  # noqa: S608 - names of our own columns


@cache
def _change_by_table(table: str, names: _Names, same: frozenset[str]) -> tuple[str, str, str, str]:
    """How the table beside is made and emptied, its name, and how the other one is changed by it."""
    many = [name for name in names if name not in same]
    key, *others = [name for name in many if name.startswith(_BY)]
    given = f'"given for {table}: {", ".join(many)}"'
    columns = ", ".join(f'"{name}"' + (" PRIMARY KEY ON CONFLICT REPLACE" if name == key else "") for name in many)
    make = f"CREATE TEMP TABLE IF NOT EXISTS {given} ({columns}) WITHOUT ROWID"

    def looked_up(*wanted: str) -> str:
        return f'(SELECT {_quoted(wanted)} FROM temp.{given} AS g WHERE g."{key}" = t."{_without(key)}")'  # noqa: S608 - names of our own columns

    changed = tuple(name for name in many if not name.startswith(_BY))
    changes = [f'"{name}" = ?' for name in names if name in same and not name.startswith(_BY)]
    if changed:
        changes.append(f"({_quoted(changed)}) = {looked_up(*changed)}")
    found = [f't."{_without(key)}" IN (SELECT "{key}" FROM temp.{given})']  # noqa: S608 - names of our own columns
    found += [f'+t."{_without(name)}" = ?' for name in names if name in same and name.startswith(_BY)]
    found += [f'+t."{_without(name)}" = {looked_up(name)}' for name in others]
    change = f"UPDATE {table} AS t SET {', '.join(changes)} WHERE {' AND '.join(found)}"  # noqa: S608 - names of our own columns
    return make, f"DELETE FROM temp.{given}", f"temp.{given}", change  # noqa: S608 - names of our own columns


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _without(name: str) -> str:
    return name.removeprefix(_BY)


def _plain(table: type[SQLModel], name: str, column: Column) -> Column:
    """A column as SQLite has it."""
    kind = _column(table, name).type
    spell: Callable[[Any], Any]
    if isinstance(kind, Instant | DateTime):
        spell = spelled
    elif isinstance(kind, Date | Time):
        spell = _civil
    else:
        return column
    if isinstance(column, Same):
        return Same(spell(column.value))
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


# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def _change_by_arrays(table: type[SQLModel], names: _Names, same: frozenset[str]) -> str:
    """An array for each column that differs from row to row."""
    types = {name: _type_of(table, name) for name in names}
    places = {name: f"${place}" for place, name in enumerate(names, start=1)}
    many = [name for name in names if name not in same]
    # JSON travels as text: arrays of it are not understood by every driver.
    arrays = ", ".join(f"{places[name]}::{_travels_as(types[name])}[]" for name in many)
    shown = {
        name: f"{places[name]}::{_travels_as(types[name])}::{types[name]}"
        if name in same
        else f'r."{name}"::{types[name]}'
        for name in names
    }
    changes = ", ".join(f'"{name}" = {shown[name]}' for name in names if not name.startswith(_BY))
    found = " AND ".join(f't."{_without(name)}" = {shown[name]}' for name in names if name.startswith(_BY))
    rows = f"unnest({arrays}) AS r ({_quoted(many)})"
    return f"UPDATE {table.__tablename__} AS t SET {changes} FROM {rows} WHERE {found}"  # noqa: S608 - names of our own columns


@cache
def _type_of(table: type[SQLModel], name: str) -> str:
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # the library leaves it without types
    kind = str(_column(table, name).type.compile(dialect))
    return "text" if kind.startswith("VARCHAR") else kind  # a cast to a length would cut, where the column refuses


def _travels_as(kind: str) -> str:
    return "text" if kind in ("JSON", "JSONB") else kind


def _column(table: type[SQLModel], name: str) -> Any:
    return SQLModel.metadata.tables[str(table.__tablename__)].c[_without(name)]
