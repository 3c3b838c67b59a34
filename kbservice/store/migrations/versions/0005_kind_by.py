"""Who said what kind a ticket is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("tickets") as table:
        table.add_column(sa.Column("kind_by", sa.String(16), nullable=True))
    # Of tickets that were handed in here nobody knows any more; imported ones came with theirs.
    op.execute(
        "UPDATE tickets SET kind_by = 'import' WHERE kind IS NOT NULL AND source_id IS NOT NULL"
    )


def downgrade() -> None:
    with op.batch_alter_table("tickets") as table:
        table.drop_column("kind_by")
