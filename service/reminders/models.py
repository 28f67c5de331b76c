"""What is kept of reminders: policies, how far an occurrence's notices are planned, and every planned notice."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel, col

from service.kit.database import Instant, Json
from service.reminders.rules.offsets import NoticeKind
from service.reminders.rules.planning import FiringStatus
from service.reminders.rules.timing import LocalTime


def _words(choice: type[StrEnum]) -> str:
    return ", ".join(f"'{each}'" for each in choice)


class ReminderPolicy(SQLModel, table=True):
    """The policy of a plan (`plan:slug`), of a milestone (`milestone:id`) or of the service (`service`).

    `policy` is its canonical mapping; None: it was taken away. The row stays, so that a version never comes twice.
    """

    __tablename__ = "reminder_policy"

    subject: str = Field(primary_key=True, max_length=80)
    jurisdiction: str | None = Field(default=None, max_length=64, index=True)
    policy: dict[str, Any] | None = Field(default=None, sa_type=Json)
    revision: int = 1
    updated_at: datetime = Field(sa_type=Instant)


class ReminderSchedule(SQLModel, table=True):
    """How far the notices of an occurrence are planned: locked by whoever plans them.

    `due_version` counts how often they had to be planned. `extend_at`: when the next one comes within the horizon.
    `time_zone` and `dataset` are those that they were computed with; the latter is empty where workdays do not matter.
    """

    __tablename__ = "reminder_schedule"
    __table_args__ = (Index("ix_reminder_schedule_extend_at", "extend_at", "occurrence"),)

    occurrence: str = Field(primary_key=True, foreign_key="occurrence.id", max_length=40)
    jurisdiction: str = Field(max_length=64)
    due_version: int = 0
    extend_at: datetime | None = Field(default=None, sa_type=Instant)
    time_zone: str = Field(max_length=64)
    dataset: str = Field(default="", max_length=100)
    planned_at: datetime = Field(sa_type=Instant)


class Firing(SQLModel, table=True):
    """One planned notice about an occurrence, and how it ended. Never deleted.

    No index holds what changes when it ends, and PostgreSQL's pages are filled by half (migration 0008): so the new row
    stands beside the old one, and its four index entries are left alone.

    `fire_at` is the instant for which it is planned, `civil_on` and `civil_at` what that means in `time_zone`. An ended
    one has a `cause` (a word), a `reason` (a sentence) and `ended_at`; one that was fired the fact that it recorded.
    """

    __tablename__ = "firing"
    __table_args__ = (
        UniqueConstraint("occurrence", "offset", "due_version"),
        CheckConstraint(f"status IN ({_words(FiringStatus)})", name="status"),
        CheckConstraint(f"kind IN ({_words(NoticeKind)})", name="kind"),
        CheckConstraint(f"local_time IN ({_words(LocalTime)})", name="local_time"),
        CheckConstraint("(status = 'pending') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("status = 'pending' OR (cause <> '' AND reason <> '')", name="reason"),
        CheckConstraint("(status = 'fired') = (fact IS NOT NULL)", name="fact"),
        # The ledger in order, of all and of one plan.
        Index("ix_firing_fire_at", "fire_at", "id"),
        Index("ix_firing_plan_fire_at", "plan", "fire_at", "id"),
    )

    id: str = Field(primary_key=True, max_length=40)
    occurrence: str = Field(foreign_key="occurrence.id", max_length=40)
    milestone: str = Field(max_length=40)
    plan: str = Field(max_length=64)
    jurisdiction: str = Field(max_length=64)
    offset: str = Field(max_length=8)
    kind: str = Field(max_length=16)
    due_version: int
    due_on: date
    fire_at: datetime = Field(sa_type=Instant)
    civil_on: date
    civil_at: time
    time_zone: str = Field(max_length=64)
    local_time: str = Field(max_length=16)
    status: str = Field(default=FiringStatus.PENDING.value, max_length=16)
    cause: str = Field(default="", max_length=16)
    reason: str = Field(default="", sa_type=Text)
    fact: int | None = Field(default=None, sa_type=BigInteger)
    created_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class PendingFiring(SQLModel, table=True):
    """A firing that has not ended: the queue, in its order, and the row that is locked by whoever ends it."""

    __tablename__ = "pending_firing"
    __table_args__ = ({"sqlite_with_rowid": False},)

    fire_at: datetime = Field(primary_key=True, sa_type=Instant)
    firing: str = Field(primary_key=True, foreign_key="firing.id", max_length=40)


PLACE = (col(PendingFiring.fire_at), col(PendingFiring.firing))
