"""Who said that an article failed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("articles") as table:
        table.add_column(sa.Column("failed_by", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("articles") as table:
        table.drop_column("failed_by")
