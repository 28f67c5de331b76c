"""Statements in our own words that are run many times a second, spelled once for each database.

To build one from the models' columns each time takes longer than to run it.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Generic, TypeVar, get_args, get_type_hints

from service.kit.database import Session
from service.kit.driver import fetch, is_postgresql
from service.kit.rows import spelled

# `ONE_OF(:ids)` in a statement: one of the values of a list, which travels as one value however long it is.
_ONE_OF = "ONE_OF("
_ON_POSTGRESQL = "= ANY (CAST({} AS text[]))"
_ON_SQLITE = "IN (SELECT value FROM json_each({}))"
_NAME = re.compile(r"(?<!:):([a-z_]+)")

Row = TypeVar("Row", bound=tuple[Any, ...])


class Statement(Generic[Row]):
    """A statement. Its values are instants, numbers, texts and lists of texts; its rows are named tuples.

    `row` is their class, a field for each column in its order: annotations of instants, dates and booleans say what
    SQLite's texts and numbers mean. `locks` stands at its end on PostgreSQL alone: on SQLite a writer is alone anyway.
    `on_sqlite`: other words there.
    """

    def __init__(self, words: str, *, row: type[Row], locks: str = "", on_sqlite: str = "") -> None:
        self._words = {True: f"{words} {locks}", False: on_sqlite or words}
        self._row: Callable[[Iterable[Any]], Row] = row._make  # type: ignore[attr-defined]  # named tuples have it
        self._reads = _reads(row)
        self._spell = cache(self._spelled)

    async def run(self, session: Session, values: Mapping[str, Any]) -> list[Row]:
        """Run it with these values; its rows."""
        if is_postgresql(session):
            words, names = self._spell(on_postgresql=True)
            rows = await fetch(session, words, [values[name] for name in names])
        else:
            words, _ = self._spell(on_postgresql=False)
            rows = await fetch(session, words, {name: _plain(each) for name, each in values.items()})
            if self._reads:
                rows = [self._read(row) for row in rows]
        return [self._row(row) for row in rows]

    def words(self, *, on_postgresql: bool) -> str:
        """The statement as that database gets it."""
        return self._spell(on_postgresql=on_postgresql)[0]

    def _read(self, row: Sequence[Any]) -> Sequence[Any]:
        made = list(row)
        for place, read in self._reads:
            if made[place] is not None:
                made[place] = read(made[place])
        return made

    def _spelled(self, *, on_postgresql: bool) -> tuple[str, list[str]]:
        """The words for one database, and the names of its values in their order."""
        words = _one_of(self._words[on_postgresql], _ON_POSTGRESQL if on_postgresql else _ON_SQLITE)
        names = list(dict.fromkeys(_NAME.findall(words)))
        if on_postgresql:
            words = _NAME.sub(lambda found: f"${names.index(found[1]) + 1}", words)
        return words, names


def _reads(row: type) -> list[tuple[int, Callable[[Any], Any]]]:
    """What makes values of those that SQLite has, by their place in a row."""
    meant = [get_args(hint) or (hint,) for hint in get_type_hints(row).values()]
    return [(place, read) for place, hints in enumerate(meant) for kind, read in _READS if kind in hints]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


_READS: tuple[tuple[type, Callable[[Any], Any]], ...] = ((datetime, _instant), (date, date.fromisoformat), (bool, bool))


def _one_of(words: str, one_of: str) -> str:
    head, *rest = words.split(_ONE_OF)
    for part in rest:
        name, _, tail = part.partition(")")
        head += one_of.format(name) + tail
    return head


def _plain(value: Any) -> Any:
    """A value as the driver of SQLite takes it."""
    if isinstance(value, list):
        return json.dumps(value)
    return spelled(value) if isinstance(value, datetime) else value
