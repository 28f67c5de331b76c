"""What changed in a feed: the number of the ledger with which an entry last changed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op


revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("feed_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("changed_in", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_index(
            "ix_feed_entry_unit_changed_in",
            ["unit", "changed_in"],
            unique=False,
            sqlite_where=sa.text("unit IS NOT NULL"),
            postgresql_where=sa.text("unit IS NOT NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("feed_entry", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_feed_entry_unit_changed_in",
            sqlite_where=sa.text("unit IS NOT NULL"),
            postgresql_where=sa.text("unit IS NOT NULL"),
        )
        batch_op.drop_column("changed_in")
