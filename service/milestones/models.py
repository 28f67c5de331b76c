"""What is kept of tasks and their due dates."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.kit.database import Instant, Json


class Milestone(SQLModel, table=True):
    """One task of a plan. `due` is its due specification's canonical mapping; None: the plan's default, or none."""

    __tablename__ = "milestone"
    __table_args__ = (
        UniqueConstraint("plan", "key"),
        Index("ix_milestone_plan_position", "plan", "position", "id"),
        Index("ix_milestone_jurisdiction", "jurisdiction"),
    )

    id: str = Field(primary_key=True, max_length=40)
    plan: str = Field(foreign_key="plan.slug")
    jurisdiction: str = Field(max_length=64)
    key: str = Field(max_length=64)
    position: int
    ref: str = Field(default="", max_length=64)
    title: str = Field(max_length=200)
    kind: str = Field(default="task", max_length=16)
    due: dict[str, Any] | None = Field(default=None, sa_type=Json)
    parent: str | None = Field(default=None, foreign_key="milestone.id", index=True)
    implements: str = Field(default="", max_length=140)
    lines: list[int] = Field(default_factory=list, sa_type=Json)
    hand_in: str = Field(default="", sa_type=Text)
    status: str = Field(default="active", max_length=16)
    note: str = Field(default="", sa_type=Text)
    search_text: str = Field(default="", sa_type=Text)
    revision: int = 1
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    cancelled_at: datetime | None = Field(default=None, sa_type=Instant)


class Assignment(SQLModel, table=True):
    """A unit or a group that answers for a milestone, in a role; `position` keeps the document's order."""

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint("(unit_code IS NULL) <> (group_code IS NULL)", name="one_assignee"),
        UniqueConstraint("milestone", "role", "position"),
    )

    id: int | None = Field(default=None, primary_key=True)
    milestone: str = Field(foreign_key="milestone.id")
    jurisdiction: str = Field(max_length=64)
    role: str = Field(max_length=16)
    position: int
    unit_code: str | None = Field(default=None, foreign_key="unit.code", index=True)
    group_code: str | None = Field(default=None, foreign_key="unit_group.code", index=True)


class Occurrence(SQLModel, table=True):
    """One concrete due date of a milestone. Its id stays when it moves.

    `sort_on` is the due date, or 9999-12-31 for what has none: lists are ordered by it.
    """

    __tablename__ = "occurrence"
    __table_args__ = (
        UniqueConstraint("milestone", "period"),
        Index("ix_occurrence_jurisdiction_sort_on", "jurisdiction", "sort_on", "id"),
        Index("ix_occurrence_plan_sort_on", "plan", "sort_on", "id"),
        Index("ix_occurrence_sort_on", "sort_on", "id"),
    )

    id: str = Field(primary_key=True, max_length=40)
    milestone: str = Field(foreign_key="milestone.id")
    plan: str = Field(max_length=64)
    jurisdiction: str = Field(max_length=64)
    period: str = Field(max_length=32)
    cycle: str = Field(max_length=32)
    window_start: date | None = None
    nominal_due_on: date | None = None
    due_on: date | None = None
    due_time: time | None = None
    sort_on: date
    provisional: bool = False
    dataset: str = Field(default="", max_length=100)
    status: str = Field(default="active", max_length=16)
    moved_from: date | None = None
    moved_at: datetime | None = Field(default=None, sa_type=Instant)
    revision: int = 1
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    cancelled_at: datetime | None = Field(default=None, sa_type=Instant)


class OccurrenceUnit(SQLModel, table=True):
    """A unit that answers for an occurrence: named itself, or a member of the group `via` on the day it falls due."""

    __tablename__ = "occurrence_unit"

    occurrence: str = Field(primary_key=True, foreign_key="occurrence.id", max_length=40)
    unit: str = Field(primary_key=True, foreign_key="unit.code", index=True, max_length=100)
    jurisdiction: str = Field(max_length=64)
    role: str = Field(max_length=16)
    via: str | None = Field(default=None, max_length=100)
    position: int
