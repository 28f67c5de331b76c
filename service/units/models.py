"""What is kept of those who answer for tasks."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.kit.database import Instant, Json


class Registered(SQLModel):
    """What jurisdictions, units and groups have in common. `revision` rises with every change."""

    code: str = Field(primary_key=True, max_length=100)
    name: str = Field(max_length=100)
    aliases: list[str] = Field(default_factory=list, sa_type=Json)
    search_text: str = Field(default="", sa_type=Text)
    revision: int = 1
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    retired_at: datetime | None = Field(default=None, sa_type=Instant)


class Jurisdiction(Registered, table=True):
    """A government whose plans and units live together; the tenant and shard key."""

    __tablename__ = "jurisdiction"

    parent: str | None = Field(default=None, foreign_key="jurisdiction.code", index=True)


class Unit(Registered, table=True):
    """A body that can answer for a task."""

    __tablename__ = "unit"

    jurisdiction: str = Field(foreign_key="jurisdiction.code", index=True)
    kind: str = Field(default="department", max_length=32)
    note: str = Field(default="", sa_type=Text)


class UnitGroup(Registered, table=True):
    """A named set of units ("各区级部门"). `group` is a reserved word in SQL, hence the longer name."""

    __tablename__ = "unit_group"

    jurisdiction: str = Field(foreign_key="jurisdiction.code", index=True)
    vague: bool = False
    note: str = Field(default="", sa_type=Text)


class Membership(SQLModel, table=True):
    """A unit or a group within a group, from one day to another (both inclusive; None: no bound)."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("group_code", "position"),
        CheckConstraint("(unit_code IS NULL) <> (member_group IS NULL)", name="one_member"),
        CheckConstraint("from_on IS NULL OR until_on IS NULL OR from_on <= until_on", name="forward"),
    )

    id: int | None = Field(default=None, primary_key=True)
    jurisdiction: str = Field(max_length=64)
    group_code: str = Field(foreign_key="unit_group.code", index=True)
    position: int
    unit_code: str | None = Field(default=None, foreign_key="unit.code", index=True)
    member_group: str | None = Field(default=None, foreign_key="unit_group.code", index=True)
    from_on: date | None = None
    until_on: date | None = None
