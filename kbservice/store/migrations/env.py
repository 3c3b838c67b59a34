"""Runs the versions on the connection that ``kbservice.store.schema`` passes in."""

from __future__ import annotations

from alembic import context

from kbservice.domain import (
    account,
    article,
    audit,
    job,
    label_review,
    outbox,
    radar,
    suggestion,
    synonym,
    ticket,
)
from kbservice.domain.base import Base

# Imported so that their tables are known to autogenerate.
MAPPED = (account, article, audit, job, label_review, outbox, radar, suggestion, synonym, ticket)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite cannot alter a column in place; a batch copies the table.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
