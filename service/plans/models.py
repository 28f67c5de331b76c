"""What is kept of plans."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Text
from sqlmodel import Field, SQLModel

from service.kit.database import Instant, Json


class Plan(SQLModel, table=True):
    """One document that sets milestones.

    `declares` names what its plan file declares beside it (for export), and whose reminder policies that file sets:
    what it leaves out the next time is taken away.
    """

    __tablename__ = "plan"
    __table_args__ = (
        CheckConstraint("period_start IS NULL OR period_end IS NULL OR period_start <= period_end", name="period"),
        Index("ix_plan_jurisdiction_slug", "jurisdiction", "slug"),
    )

    slug: str = Field(primary_key=True, max_length=64)
    jurisdiction: str = Field(foreign_key="jurisdiction.code")
    title: str = Field(max_length=200)
    issuer: str | None = Field(default=None, foreign_key="unit.code")
    number: str = Field(default="", max_length=100)
    status: str = Field(default="published", max_length=16)
    visibility: str = Field(default="public", max_length=16)
    published_on: date | None = None
    period_start: date | None = None
    period_end: date | None = None
    time_zone: str | None = Field(default=None, max_length=64)
    before_month: str = Field(default="inclusive", max_length=16)
    default_due: dict[str, Any] | None = Field(default=None, sa_type=Json)
    superior: str | None = Field(default=None, foreign_key="plan.slug")
    source: dict[str, Any] | None = Field(default=None, sa_type=Json)
    note: str = Field(default="", sa_type=Text)
    declares: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    search_text: str = Field(default="", sa_type=Text)
    revision: int = 1
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    archived_at: datetime | None = Field(default=None, sa_type=Instant)
