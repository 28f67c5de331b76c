"""Progress and reminders."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "reminder_policy",
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("jurisdiction", sa.String(length=64), nullable=True),
        sa.Column(
            "policy",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_reminder_policy")),
    )
    with op.batch_alter_table("reminder_policy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reminder_policy_jurisdiction"), ["jurisdiction"], unique=False)

    op.create_table(
        "firing",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("occurrence", sa.String(length=40), nullable=False),
        sa.Column("milestone", sa.String(length=40), nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("jurisdiction", sa.String(length=64), nullable=False),
        sa.Column("offset", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("due_version", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("fire_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("civil_on", sa.Date(), nullable=False),
        sa.Column("civil_at", sa.Time(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("local_time", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("fact", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'fired') = (fact IS NOT NULL)", name=op.f("ck_firing_fact")),
        sa.CheckConstraint("(status = 'pending') = (ended_at IS NULL)", name=op.f("ck_firing_ended")),
        sa.CheckConstraint("kind IN ('due_soon', 'due', 'overdue')", name=op.f("ck_firing_kind")),
        sa.CheckConstraint("local_time IN ('regular', 'ambiguous', 'missing')", name=op.f("ck_firing_local_time")),
        sa.CheckConstraint("status = 'pending' OR (cause <> '' AND reason <> '')", name=op.f("ck_firing_reason")),
        sa.CheckConstraint(
            "status IN ('pending', 'fired', 'superseded', 'cancelled', 'skipped')", name=op.f("ck_firing_status")
        ),
        sa.ForeignKeyConstraint(["occurrence"], ["occurrence.id"], name=op.f("fk_firing_occurrence")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firing")),
        sa.UniqueConstraint(
            "occurrence", "offset", "due_version", name=op.f("uq_firing_occurrence_offset_due_version")
        ),
    )
    with op.batch_alter_table("firing", schema=None) as batch_op:
        batch_op.create_index("ix_firing_fire_at", ["fire_at", "id"], unique=False)
        batch_op.create_index("ix_firing_plan_fire_at", ["plan", "fire_at", "id"], unique=False)
        batch_op.create_index("ix_firing_status_fire_at", ["status", "fire_at", "id"], unique=False)

    op.create_table(
        "progress",
        sa.Column("occurrence", sa.String(length=40), nullable=False),
        sa.Column("unit", sa.String(length=100), nullable=False),
        sa.Column("jurisdiction", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("evidence", sa.String(length=500), nullable=False),
        sa.Column("said_by", sa.String(length=200), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'in_progress', 'submitted', 'accepted', 'returned', 'waived')",
            name=op.f("ck_progress_status"),
        ),
        sa.ForeignKeyConstraint(["occurrence"], ["occurrence.id"], name=op.f("fk_progress_occurrence")),
        sa.ForeignKeyConstraint(["unit"], ["unit.code"], name=op.f("fk_progress_unit")),
        sa.PrimaryKeyConstraint("occurrence", "unit", name=op.f("pk_progress")),
    )
    with op.batch_alter_table("progress", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_progress_unit"), ["unit"], unique=False)

    op.create_table(
        "reminder_schedule",
        sa.Column("occurrence", sa.String(length=40), nullable=False),
        sa.Column("jurisdiction", sa.String(length=64), nullable=False),
        sa.Column("due_version", sa.Integer(), nullable=False),
        sa.Column("extend_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("dataset", sa.String(length=100), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["occurrence"], ["occurrence.id"], name=op.f("fk_reminder_schedule_occurrence")),
        sa.PrimaryKeyConstraint("occurrence", name=op.f("pk_reminder_schedule")),
    )
    with op.batch_alter_table("reminder_schedule", schema=None) as batch_op:
        batch_op.create_index("ix_reminder_schedule_extend_at", ["extend_at", "occurrence"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("reminder_schedule", schema=None) as batch_op:
        batch_op.drop_index("ix_reminder_schedule_extend_at")

    op.drop_table("reminder_schedule")
    with op.batch_alter_table("progress", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_progress_unit"))

    op.drop_table("progress")
    with op.batch_alter_table("firing", schema=None) as batch_op:
        batch_op.drop_index("ix_firing_status_fire_at")
        batch_op.drop_index("ix_firing_plan_fire_at")
        batch_op.drop_index("ix_firing_fire_at")

    op.drop_table("firing")
    with op.batch_alter_table("reminder_policy", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reminder_policy_jurisdiction"))

    op.drop_table("reminder_policy")
