"""How facts are found, and how many are written at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from sqlmodel import col, select

from service.journal.kinds import Kind
from service.journal.models import JournalEntry
from service.journal.rules import Fact, Written, to_json
from service.kit.database import Session
from service.kit.driver import fetch, is_postgresql, nobody_writes
from service.kit.rows import Column, Same, insert_rows
from service.kit.statements import Statement

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


class Touched(NamedTuple):
    """What a fact is about."""

    kind: str
    subject: str


_SINCE = Statement(
    "SELECT kind, subject FROM journal_entry WHERE id > :last AND NOT kind ONE_OF(:but) ORDER BY id LIMIT :limit",
    row=Touched,
)
_COLUMNS = ("kind", "subject", "jurisdiction", "before", "after")
_NAMES = {kind: kind.value for kind in Kind}
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


async def last_of_all(session: Session) -> int | None:
    """The number of the last fact; whatever is recorded in other transactions from now on has a greater one.

    None: somebody is recording at this moment, and may have a smaller number. Until this transaction ends nobody can
    record, so it ends at once.
    """
    if not await nobody_writes(session, "journal_entry"):
        return None
    ((last,),) = await fetch(session, "SELECT max(id) FROM journal_entry", ())
    return int(last or 0)


async def touched_since(session: Session, last: int, *, but: Iterable[Kind], limit: int) -> list[Touched]:
    """What the facts after one are about, in their order, without those of some kinds; `limit` at most."""
    return await _SINCE.run(session, {"last": last, "but": [kind.value for kind in but], "limit": limit})


async def write_facts(
    session: Session, facts: Sequence[Fact], *, actor: str, request_id: str, at: datetime, last: int | None = None
) -> list[Written]:
    """Write facts together; answers them as they stand in the table, in their order. `last`: the number of the one that
    this transaction wrote before, if any.

    Rows of the ORM would take many times as long, most of it in making and keeping objects that nobody changes.
    """
    columns = (
        [_NAMES[fact.kind] for fact in facts],
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
        if last is None:
            ((last,),) = await fetch(session, "SELECT coalesce(max(id), 0) FROM journal_entry", ())
        ids = range(last + 1, last + 1 + len(facts))
        rows: dict[str, Column] = dict(zip(_COLUMNS, columns, strict=True))
        common = {"at": Same(at), "actor": Same(actor), "request_id": Same(request_id)}
        subject_kinds = [_SUBJECTS[fact.kind] for fact in facts]
        rows |= {"id": ids, "subject_kind": subject_kinds, **common}
        await insert_rows(session, JournalEntry, rows, behind=True)
    when = at.astimezone(UTC)
    return [
        Written(id, when, _NAMES[kind], _SUBJECTS[kind], subject, jurisdiction, actor, request_id, before, after)
        for id, (kind, subject, jurisdiction, before, after, _text) in zip(ids, facts, strict=True)
    ]
