"""`/audit`: who changed what, when, from what, to what."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query

from service.api.shapes import ANY_LIMIT, Cursor, Limit, Page, Shape
from service.gate.guard import Admin
from service.gate.routing import resource
from service.gate.transaction import Reading
from service.journal.models import JournalEntry
from service.journal.store import FactFilter, list_facts
from service.kit.errors import Denied
from service.kit.paging import cut, decode_number_cursor

router = resource("/audit", tag="audit")

Word = Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Fact(Shape):
    """One change."""

    id: int
    at: datetime
    kind: str
    subject_kind: str
    subject: str
    jurisdiction: str | None
    actor: str
    request_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@router.get("")
async def list_audit(
    actor: Admin,
    session: Reading,
    subject_kind: Word = None,
    subject: Word = None,
    kind: Word = None,
    jurisdiction: Word = None,
    by: Annotated[str | None, Query(max_length=200, description="The actor, such as `key:office`.")] = None,
    limit: Limit = ANY_LIMIT,
    cursor: Cursor = None,
) -> Page[Fact]:
    """Every change, the newest first."""
    if actor.jurisdiction is not None and jurisdiction not in (None, actor.jurisdiction):
        raise Denied(f"This key may only see what was done in '{actor.jurisdiction}'.")
    where = FactFilter(subject_kind, subject, jurisdiction or actor.jurisdiction, kind, by)
    rows = await list_facts(session, where=where, before_id=decode_number_cursor(cursor), limit=limit + 1)
    page = cut(rows, limit, _order)
    return Page(items=[Fact.model_validate(row) for row in page.items], next=page.next)


def _order(entry: JournalEntry) -> tuple[int | None]:
    return (entry.id,)
