"""How facts are found, and how many are written at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func
from sqlmodel import col, select

from service.journal.kinds import Kind
from service.journal.models import JournalEntry, as_written
from service.journal.rules import Fact, to_json
from service.kit.database import Instant, Session

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
_WRITE_ON_SQLITE = """
INSERT INTO journal_entry
    (at, actor, request_id, subject_kind, id, kind, subject, jurisdiction, "before", "after")
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

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
) -> list[JournalEntry]:
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
    connection = await session.connection()
    ids: Iterable[int]
    if connection.dialect.name == "postgresql":
        written = await connection.exec_driver_sql(_WRITE_ON_POSTGRESQL, (at, actor, request_id, *columns))
        ids = sorted(written.scalars())  # they come in any order, and were given in ours
    else:
        # The writer is alone, and no fact is ever deleted: what follows the last one is free.
        last = (await session.exec(select(func.max(JournalEntry.id)))).one() or 0
        ids = range(last + 1, last + 1 + len(facts))
        # Tuples go to the driver as they are; the instant, which is common to all, in the form of its column.
        to_text = Instant().dialect_impl(connection.dialect).bind_processor(connection.dialect)
        when = to_text(at) if to_text else at
        common = [(when, actor, request_id, _SUBJECTS[fact.kind]) for fact in facts]
        rows = [(*same, *each) for same, each in zip(common, zip(ids, *columns, strict=True), strict=True)]
        await connection.exec_driver_sql(_WRITE_ON_SQLITE, rows)
    return _as_written(facts, ids, actor=actor, request_id=request_id, at=at.astimezone(UTC))


def _as_written(
    facts: Sequence[Fact], ids: Iterable[int], *, actor: str, request_id: str, at: datetime
) -> list[JournalEntry]:
    return [
        as_written(
            {
                "id": id,
                "at": at,
                "kind": str(kind),
                "subject_kind": _SUBJECTS[kind],
                "subject": subject,
                "jurisdiction": jurisdiction,
                "actor": actor,
                "request_id": request_id,
                "before": before,
                "after": after,
            }
        )
        for id, (kind, subject, jurisdiction, before, after, _text) in zip(ids, facts, strict=True)
    ]
