"""Labels in quarantine."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "label_reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(100), nullable=False),
        sa.Column("proposed", sa.String(100), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("given_by", sa.String(80), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_value", sa.String(100), nullable=True),
        sa.Column("settled_by", sa.String(80), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name="fk_label_reviews_ticket_id_tickets"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_label_reviews"),
    )
    op.create_index(
        "uq_label_reviews_ticket_value", "label_reviews", ["ticket_id", "value"], unique=True
    )
    op.create_index("ix_label_reviews_settled_at", "label_reviews", ["settled_at"])


def downgrade() -> None:
    op.drop_table("label_reviews")
