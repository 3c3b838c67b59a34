"""Repeats, incidents, gaps in the knowledge and searches that found nothing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("profile_key", sa.String(60), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(80), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["tickets.id"], name="fk_incidents_parent_id_tickets"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_open", "incidents", ["profile_key", "ended_at"])
    op.create_table(
        "gaps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("profile_key", sa.String(60), nullable=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("article_id", sa.String(200), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.String(80), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_gaps"),
    )
    op.create_index("ix_gaps_state", "gaps", ["profile_key", "state"])
    op.create_table(
        "sightings",
        sa.Column("ticket_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("profile_key", sa.String(60), nullable=False),
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("requester", sa.String(32), nullable=False),
        sa.Column("terms", sa.LargeBinary(), nullable=False),
        sa.Column("duplicate_of_id", sa.Integer(), nullable=True),
        sa.Column("likeness", sa.Float(), nullable=False),
        sa.Column("duplicate_verdict", sa.String(16), nullable=True),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("gap_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name="fk_sightings_ticket_id_tickets"
        ),
        sa.ForeignKeyConstraint(
            ["duplicate_of_id"], ["tickets.id"], name="fk_sightings_duplicate_of_id_tickets"
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name="fk_sightings_incident_id_incidents"
        ),
        sa.ForeignKeyConstraint(["gap_id"], ["gaps.id"], name="fk_sightings_gap_id_gaps"),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_sightings"),
    )
    op.create_index("ix_sightings_profile", "sightings", ["profile_key", "ticket_id"])
    op.create_index("ix_sightings_duplicate_of_id", "sightings", ["duplicate_of_id"])
    op.create_index("ix_sightings_incident_id", "sightings", ["incident_id"])
    op.create_index("ix_sightings_gap_id", "sightings", ["gap_id"])
    op.create_table(
        "sighting_bands",
        sa.Column("band", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["sightings.ticket_id"], name="fk_sighting_bands_ticket_id_sightings"
        ),
        sa.PrimaryKeyConstraint("band", "ticket_id", name="pk_sighting_bands"),
    )
    op.create_index("ix_sighting_bands_ticket_id", "sighting_bands", ["ticket_id"])
    op.create_table(
        "empty_searches",
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("words", sa.String(200), nullable=False),
        sa.Column("accounts", sa.JSON(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("article_id", sa.String(200), nullable=True),
        sa.Column("settled_by", sa.String(80), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_empty_searches"),
    )
    op.create_index("ix_empty_searches_last_at", "empty_searches", ["last_at"])


def downgrade() -> None:
    for table in ("empty_searches", "sighting_bands", "sightings", "gaps", "incidents"):
        op.drop_table(table)
