"""Links that are known to be read, entries that say what changed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "feed_mark",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=2000), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_feed_mark")),
    )
    op.create_table(
        "feed_move",
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("jurisdiction", sa.String(length=64), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column(
            "occurrences",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("subject", "revision", name=op.f("pk_feed_move")),
    )
    with op.batch_alter_table("feed_move", schema=None) as batch_op:
        batch_op.create_index("ix_feed_move_moved_at", ["moved_at"], unique=False)

    op.create_table(
        "feed_fetch",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("program", sa.String(length=40), nullable=False),
        sa.Column("feed", sa.String(length=40), nullable=False),
        sa.Column("jurisdiction", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feed.id"], name=op.f("fk_feed_fetch_feed")),
        sa.PrimaryKeyConstraint("digest", "program", name=op.f("pk_feed_fetch")),
    )
    with op.batch_alter_table("feed_fetch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feed_fetch_feed"), ["feed"], unique=False)

    with op.batch_alter_table("feed", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unused_days", sa.Integer(), server_default="180", nullable=False))
        batch_op.add_column(sa.Column("stale_after_hours", sa.Integer(), server_default="48", nullable=False))
        batch_op.add_column(sa.Column("stale_revision", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("feed_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("all_day", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.add_column(sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("feed_entry", schema=None) as batch_op:
        batch_op.drop_column("edited_at")
        batch_op.drop_column("all_day")

    with op.batch_alter_table("feed", schema=None) as batch_op:
        batch_op.drop_column("stale_revision")
        batch_op.drop_column("stale_after_hours")
        batch_op.drop_column("unused_days")

    with op.batch_alter_table("feed_fetch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feed_fetch_feed"))

    op.drop_table("feed_fetch")
    with op.batch_alter_table("feed_move", schema=None) as batch_op:
        batch_op.drop_index("ix_feed_move_moved_at")

    op.drop_table("feed_move")
    op.drop_table("feed_mark")
