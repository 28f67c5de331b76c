"""What is kept of progress."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Text
from sqlmodel import Field, SQLModel

from service.kit.database import Instant
from service.progress.rules import ProgressStatus

_WORDS = ", ".join(f"'{each}'" for each in ProgressStatus)


class Progress(SQLModel, table=True):
    """What was last said about an occurrence and a unit. There is no row until somebody says something.

    `evidence` is the address of a document that shows it. `said_by` is the actor, as the journal writes it.
    """

    __tablename__ = "progress"
    __table_args__ = (CheckConstraint(f"status IN ({_WORDS})", name="status"),)

    occurrence: str = Field(primary_key=True, foreign_key="occurrence.id", max_length=40)
    unit: str = Field(primary_key=True, foreign_key="unit.code", index=True, max_length=100)
    jurisdiction: str = Field(max_length=64)
    status: str = Field(max_length=16)
    note: str = Field(default="", sa_type=Text)
    evidence: str = Field(default="", max_length=500)
    said_by: str = Field(max_length=200)
    said_at: datetime = Field(sa_type=Instant)
    revision: int = 1
