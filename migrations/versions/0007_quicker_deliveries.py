"""What is written for each notice is less: no foreign keys of deliveries, fewer index entries, JSON as it came."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NO_NOTICE = sa.text("kind NOT IN ('occurrence.due_soon', 'occurrence.due', 'occurrence.overdue')")
_JSON = (("journal_entry", "before"), ("journal_entry", "after"), ("webhook_event", "units"))


def upgrade() -> None:
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_delivery_endpoint"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_delivery_event"), type_="foreignkey")

    with op.batch_alter_table("journal_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_journal_entry_kind"))
        batch_op.create_index(
            "ix_journal_entry_kind", ["kind", "id"], sqlite_where=_NO_NOTICE, postgresql_where=_NO_NOTICE
        )

    with op.batch_alter_table("webhook_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_webhook_event_occurrence"))

    _keep_as(sa.JSON(none_as_null=True), "json")


def downgrade() -> None:
    _keep_as(postgresql.JSONB(none_as_null=True), "jsonb")

    with op.batch_alter_table("webhook_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webhook_event_occurrence"), ["occurrence"], unique=False)

    with op.batch_alter_table("journal_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_journal_entry_kind", sqlite_where=_NO_NOTICE, postgresql_where=_NO_NOTICE)
        batch_op.create_index(batch_op.f("ix_journal_entry_kind"), ["kind"], unique=False)

    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_foreign_key(batch_op.f("fk_delivery_event"), "webhook_event", ["event"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_delivery_endpoint"), "endpoint", ["endpoint"], ["id"])


def _keep_as(kind: sa.types.TypeEngine[object], words: str) -> None:
    """On PostgreSQL; SQLite has one kind of JSON."""
    if op.get_context().dialect.name != "postgresql":
        return
    for table, column in _JSON:
        op.alter_column(table, column, type_=kind, postgresql_using=f'"{column}"::{words}')
