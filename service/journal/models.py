"""What the journal keeps."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer
from sqlmodel import Field, SQLModel

from service.journal.kinds import NOTICES
from service.journal.rules import Written
from service.kit.database import Instant, JsonText, partial_index

# Most facts are notices: who asks for those finds them soon without an index, from the newest on.
_LISTED = ", ".join(f"'{kind}'" for kind in NOTICES)
NO_NOTICE = f"kind NOT IN ({_LISTED})"


class JournalEntry(SQLModel, table=True):
    """One fact: who did what to which thing, before and after. Never changed, never deleted."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        Index("ix_journal_entry_subject", "subject_kind", "subject", "id"),
        Index("ix_journal_entry_jurisdiction", "jurisdiction", "id"),
        partial_index("ix_journal_entry_kind", "kind", "id", where=NO_NOTICE),
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    )
    at: datetime = Field(sa_type=Instant)
    kind: str = Field(max_length=64)
    subject_kind: str = Field(max_length=32)
    subject: str = Field(max_length=128)
    jurisdiction: str | None = Field(default=None, max_length=64)
    actor: str = Field(max_length=200)
    request_id: str = Field(default="", max_length=64)
    before: dict[str, Any] | None = Field(default=None, sa_type=JsonText)
    after: dict[str, Any] | None = Field(default=None, sa_type=JsonText)


# A fact that was written, as those who follow it see it.
Recorded = JournalEntry | Written
