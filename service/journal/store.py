"""How facts are found, and how many are written at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import col, select

from service.journal.kinds import Kind
from service.journal.models import JournalEntry
from service.journal.rules import Fact, Written, to_json
from service.kit.database import Session
from service.kit.driver import fetch, is_postgresql
from service.kit.rows import Column, Same, insert_rows

# One statement and six values however many facts: as rows of VALUES each fact would bind ten, and be typed anew for
# every number of them. Ids are given in the order of the sort, which PostgreSQL does before it asks the sequence.
_WRITE_ON_POSTGRESQL = """
INSERT INTO journal_entry (at, actor, request_id, kind, subject_kind, subject, jurisdiction, "before", "after")
SELECT $1::timestamptz, $2::text, $3::text, kind, split_part(kind, '.', 1), subject, jurisdiction, before::jsonb,
    after::jsonb
FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
    WITH ORDINALITY AS fact (kind, subject, jurisdiction, before, after, place)
ORDER BY place
RETURNING id
"""
_COLUMNS = ("kind", "subject", "jurisdiction", "before", "after")
_SUBJECTS = {kind: kind.value.partition(".")[0] for kind in Kind}


@dataclass(frozen=True, slots=True)
class FactFilter:
    """Which facts: every field that is given must match."""

    subject_kind: str | None = None
    subject: str | None = None
    jurisdiction: str | None = None
    kind: str | None = None
    actor: str | None = None


async def list_facts(
    session: Session, *, where: FactFilter, before_id: int | None, limit: int
) -> Sequence[JournalEntry]:
    """The newest facts first; `before_id` continues a list."""
    query = select(JournalEntry).order_by(col(JournalEntry.id).desc()).limit(limit)
    for name in ("subject_kind", "subject", "jurisdiction", "kind", "actor"):
        wanted = getattr(where, name)
        if wanted is not None:
            query = query.where(getattr(JournalEntry, name) == wanted)
    if before_id is not None:
        query = query.where(col(JournalEntry.id) < before_id)
    return (await session.exec(query)).all()


async def write_facts(
    session: Session, facts: Sequence[Fact], *, actor: str, request_id: str, at: datetime
) -> list[Written]:
    """Write facts in one statement; answers them as they stand in the table, in their order.

    Rows of the ORM would take many times as long, most of it in making and keeping objects that nobody changes.
    """
    columns = (
        [str(fact.kind) for fact in facts],
        [fact.subject for fact in facts],
        [fact.jurisdiction for fact in facts],
        [to_json(fact.before) if fact.before is not None else None for fact in facts],
        [fact.text or (to_json(fact.after) if fact.after is not None else None) for fact in facts],
    )
    ids: Iterable[int]
    if is_postgresql(session):
        written = await fetch(session, _WRITE_ON_POSTGRESQL, (at, actor, request_id, *columns))
        ids = sorted(row[0] for row in written)  # they come in any order, and were given in ours
    else:
        # The writer is alone, and no fact is ever deleted: what follows the last one is free.
        ((last,),) = await fetch(session, "SELECT max(id) FROM journal_entry", ())
        ids = range((last or 0) + 1, (last or 0) + 1 + len(facts))
        rows: dict[str, Column] = dict(zip(_COLUMNS, columns, strict=True))
        common = {"at": Same(at), "actor": Same(actor), "request_id": Same(request_id)}
        subject_kinds = [_SUBJECTS[fact.kind] for fact in facts]
        await insert_rows(session, JournalEntry, {"id": ids, "subject_kind": subject_kinds, **rows, **common})
    when = at.astimezone(UTC)
    return [
        Written(id, when, str(kind), _SUBJECTS[kind], subject, jurisdiction, actor, request_id, before, after)
        for id, (kind, subject, jurisdiction, before, after, _text) in zip(ids, facts, strict=True)
    ]
