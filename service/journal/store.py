"""How facts are found, and how many are written at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import col, select

from service.journal.kinds import NOTICES, Kind
from service.journal.models import NO_NOTICE, JournalEntry
from service.journal.rules import Fact, Written, to_json
from service.kit.database import Session
from service.kit.driver import fetch, is_postgresql, nobody_writes
from service.kit.rows import Column, Same, insert_rows
from service.kit.statements import Statement

# The first part writes nothing, but locks the journal as a writer does, before a number is taken: nobody may find
# another fact to be the last of all between the number and its row.
_NUMBERS = (
    "WITH nothing AS (INSERT INTO journal_entry SELECT * FROM journal_entry WHERE false)"
    " SELECT nextval('journal_entry_id_seq') FROM generate_series(1, $1)"
)


class Touched(NamedTuple):
    """What a fact is about."""

    kind: str
    subject: str


_SINCE = Statement(
    "SELECT kind, subject FROM journal_entry WHERE id > :last AND NOT kind ONE_OF(:but) ORDER BY id LIMIT :limit",
    row=Touched,
)
# By identity: the hash of an enumeration's member takes as long as the rest of a fact's row.
_NAMES = {id(kind): kind.value for kind in Kind}
_SUBJECTS = {id(kind): kind.value.partition(".")[0] for kind in Kind}


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
    if where.kind is not None and where.kind not in NOTICES:
        query = query.where(text(NO_NOTICE))  # so that its index can be used
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
    ids = await _numbers(session, len(facts), last=last)
    kinds = [_NAMES[id(fact.kind)] for fact in facts]
    subject_kinds = [_SUBJECTS[id(fact.kind)] for fact in facts]
    columns: dict[str, Column] = {
        "id": ids,
        "at": Same(at),
        "kind": kinds,
        "subject_kind": subject_kinds,
        "subject": [fact.subject for fact in facts],
        "jurisdiction": [fact.jurisdiction for fact in facts],
        "actor": Same(actor),
        "request_id": Same(request_id),
        "before": [to_json(fact.before) if fact.before is not None else None for fact in facts],
        "after": [fact.text or (to_json(fact.after) if fact.after is not None else None) for fact in facts],
    }
    await insert_rows(session, JournalEntry, columns, behind=True)
    when = at.astimezone(UTC)
    return [
        Written(id, when, kind, subject_kind, subject, jurisdiction, actor, request_id, before, after)
        for id, kind, subject_kind, (_, subject, jurisdiction, before, after, _text) in zip(
            ids, kinds, subject_kinds, facts, strict=True
        )
    ]


async def _numbers(session: Session, count: int, *, last: int | None) -> Sequence[int]:
    """The numbers of the next facts of this transaction; `last`: that of the one before, if any."""
    if is_postgresql(session):
        return sorted(row[0] for row in await fetch(session, _NUMBERS, (count,)))
    # The writer is alone, and no fact is ever deleted: what follows the last one is free.
    if last is None:
        ((last,),) = await fetch(session, "SELECT coalesce(max(id), 0) FROM journal_entry", ())
    return range(last + 1, last + 1 + count)
