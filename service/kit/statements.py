"""Statements in our own words that are run many times a second, made ready once for each database.

To build one from the models' columns each time takes longer than to run it.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import RowMapping, bindparam, text

from service.kit.database import Instant, Session
from service.kit.rows import is_postgresql

# `ONE_OF(:ids)` in a statement: one of the values of a list, which travels as one value however long it is.
_ONE_OF = "ONE_OF("
_ON_POSTGRESQL = "= ANY (CAST({} AS text[]))"
_ON_SQLITE = "IN (SELECT value FROM json_each({}))"


class Statement:
    """A statement. `now` in it is an instant, lists are lists of texts.

    `types` are those of columns that a driver does not know (instants, booleans on SQLite). `locks` stands at its end
    on PostgreSQL alone: on SQLite a writer is alone anyway. `on_sqlite`: other words there.
    """

    def __init__(
        self, words: str, *, types: Mapping[str, Any] | None = None, locks: str = "", on_sqlite: str = ""
    ) -> None:
        self._words = {True: f"{words} {locks}", False: on_sqlite or words}
        self._types = dict(types or {})
        self._made = cache(self._make)

    async def run(self, session: Session, values: Mapping[str, Any]) -> Sequence[RowMapping]:
        """Run it with these values; its rows."""
        on_postgresql = is_postgresql(session)
        if not on_postgresql:
            values = {name: json.dumps(each) if isinstance(each, list) else each for name, each in values.items()}
        connection = await session.connection()
        return (await connection.execute(self._made(on_postgresql), values)).mappings().all()

    def _make(self, on_postgresql: bool) -> Any:  # noqa: FBT001 - a key of the cache
        words = _spelled(self._words[on_postgresql], _ON_POSTGRESQL if on_postgresql else _ON_SQLITE)
        made = text(words)
        if ":now" in words:
            made = made.bindparams(bindparam("now", type_=Instant()))
        return made.columns(**self._types) if self._types else made


def _spelled(words: str, one_of: str) -> str:
    head, *rest = words.split(_ONE_OF)
    for part in rest:
        name, _, tail = part.partition(")")
        head += one_of.format(name) + tail
    return head
