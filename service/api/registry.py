"""What jurisdictions, units and groups have in common at the JSON door."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from service.api.shapes import Shape
from service.gate.conditional import etag
from service.kit.database import Session
from service.kit.errors import Fault, Invalid
from service.kit.paging import Page, cut, decode_texts
from service.units import store
from service.units.models import Registered as RegisteredRow


class Registered(Shape):
    """A registered thing: `etag` is what a change of it must send as If-Match."""

    code: str
    name: str
    aliases: list[str]
    retired_at: datetime | None
    created_at: datetime
    updated_at: datetime
    etag: str

    @staticmethod
    def told(row: RegisteredRow) -> dict[str, Any]:
        """The common fields of a row."""
        return {
            "code": row.code,
            "name": row.name,
            "aliases": row.aliases,
            "retired_at": row.retired_at,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "etag": etag(row.revision),
        }


async def list_registry(
    session: Session,
    table: type[store.Row],
    *,
    where: store.RegistryFilter,
    cursor: str | None,
    limit: int,
) -> Page[store.Row]:
    """A page of rows by code."""
    after = decode_texts(cursor, parts=1)
    rows = await store.list_rows(session, table, where=where, after=after[0] if after else None, limit=limit + 1)
    return cut(rows, limit, lambda row: (row.code,))


def changes_of(changes: BaseModel, *, nullable: Collection[str] = ()) -> dict[str, Any]:
    """The fields that were sent. Raises Invalid where one is null that cannot be."""
    sent = {name: getattr(changes, name) for name in changes.model_fields_set}
    faults = [
        Fault(name, "this cannot be null; leave it out to keep it")
        for name, value in sent.items()
        if value is None and name not in nullable
    ]
    if faults:
        raise Invalid("; ".join(map(str, faults)), faults=faults)
    return sent
