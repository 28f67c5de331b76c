"""What the journal keeps."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer
from sqlmodel import Field, SQLModel

from service.journal.rules import Written
from service.kit.database import Instant, Json


class JournalEntry(SQLModel, table=True):
    """One fact: who did what to which thing, before and after. Never changed, never deleted."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        Index("ix_journal_entry_subject", "subject_kind", "subject", "id"),
        Index("ix_journal_entry_jurisdiction", "jurisdiction", "id"),
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    )
    at: datetime = Field(sa_type=Instant)
    kind: str = Field(max_length=64, index=True)
    subject_kind: str = Field(max_length=32)
    subject: str = Field(max_length=128)
    jurisdiction: str | None = Field(default=None, max_length=64)
    actor: str = Field(max_length=200)
    request_id: str = Field(default="", max_length=64)
    before: dict[str, Any] | None = Field(default=None, sa_type=Json)
    after: dict[str, Any] | None = Field(default=None, sa_type=Json)


# A fact that was written, as those who follow it see it.
Recorded = JournalEntry | Written
