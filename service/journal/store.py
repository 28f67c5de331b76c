"""How facts are found."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from service.journal.models import JournalEntry
from service.kit.database import Session


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
