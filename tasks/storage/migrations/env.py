"""Alembic's way in: it runs this file, on the connection that `tasks.storage.schema` hands over."""

from __future__ import annotations

from alembic import context

from tasks.storage.tables import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,  # SQLite cannot alter a column
    transactional_ddl=False,  # the connection is in a transaction already
)
context.run_migrations()
