"""What the ranker learns from: features of what was considered, lots drawn, people behind outcomes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("suggestions") as table:
        table.add_column(
            sa.Column("ranker_release", sa.String(60), nullable=False, server_default="fixed")
        )
        table.add_column(sa.Column("considered", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("suggestion_items") as table:
        table.add_column(sa.Column("lot", sa.String(8), nullable=False, server_default=""))
    with op.batch_alter_table("articles") as table:
        table.add_column(sa.Column("voices", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("articles") as table:
        table.drop_column("voices")
    with op.batch_alter_table("suggestion_items") as table:
        table.drop_column("lot")
    with op.batch_alter_table("suggestions") as table:
        table.drop_column("considered")
        table.drop_column("ranker_release")
