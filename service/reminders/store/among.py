"""Asking for many rows by their ids."""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, String, func, literal
from sqlmodel import select

from service.kit.database import Session


def among(session: Session, column: Any, ids: Collection[str]) -> Any:
    """Whether a column is one of these: one value and the same statement, however many they are.

    `IN` would be written anew, parsed anew and planned anew for every number of them.
    """
    if session.get_bind().dialect.name == "postgresql":
        return column == func.any(literal(list(ids), ARRAY(String)))
    each = func.json_each(json.dumps(list(ids))).table_valued("value")
    return column.in_(select(each.c.value))
