"""Fewer index entries: of pending notices and of numbered deliveries alone."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op


revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("firing", schema=None) as batch_op:
        batch_op.drop_index("ix_firing_status_fire_at")
        batch_op.create_index(
            "ix_firing_pending",
            ["fire_at", sa.text("id DESC")],
            unique=False,
            sqlite_where=sa.text("status = 'pending'"),
            postgresql_where=sa.text("status = 'pending'"),
        )

    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_delivery_endpoint_sequence"), type_="unique")
        batch_op.create_index(
            "ix_delivery_endpoint_sequence",
            ["endpoint", "sequence"],
            unique=True,
            sqlite_where=sa.text("sequence IS NOT NULL"),
            postgresql_where=sa.text("sequence IS NOT NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_delivery_endpoint_sequence",
            sqlite_where=sa.text("sequence IS NOT NULL"),
            postgresql_where=sa.text("sequence IS NOT NULL"),
        )
        batch_op.create_unique_constraint(batch_op.f("uq_delivery_endpoint_sequence"), ["endpoint", "sequence"])

    with op.batch_alter_table("firing", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_firing_pending",
            sqlite_where=sa.text("status = 'pending'"),
            postgresql_where=sa.text("status = 'pending'"),
        )
        batch_op.create_index("ix_firing_status_fire_at", ["status", "fire_at", "id"], unique=False)
