"""Pending notices have a table of their own, so that ending one leaves the ledger's indexes alone."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import service.kit.database


revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_PENDING = sa.text("status = 'pending'")


def upgrade() -> None:
    op.create_table(
        "pending_firing",
        sa.Column("fire_at", service.kit.database.Instant(timezone=True), nullable=False),
        sa.Column("firing", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["firing"], ["firing.id"], name=op.f("fk_pending_firing_firing")),
        sa.PrimaryKeyConstraint("fire_at", "firing", name=op.f("pk_pending_firing")),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO pending_firing (fire_at, firing) SELECT fire_at, id FROM firing WHERE status = 'pending'")
    with op.batch_alter_table("firing", schema=None) as batch_op:
        batch_op.drop_index("ix_firing_pending", sqlite_where=_PENDING, postgresql_where=_PENDING)
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE firing SET (fillfactor = 50)")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE firing RESET (fillfactor)")
    with op.batch_alter_table("firing", schema=None) as batch_op:
        batch_op.create_index(
            "ix_firing_pending",
            ["fire_at", sa.text("id DESC")],
            unique=False,
            sqlite_where=_PENDING,
            postgresql_where=_PENDING,
        )
    op.drop_table("pending_firing")
