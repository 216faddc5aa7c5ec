"""Alembic's way in: it runs this file, on the connection that `tasks.store.schema` hands over."""

from __future__ import annotations

from alembic import context

from tasks.store.version import TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=TABLE,
    transactional_ddl=False,  # the connection is in a transaction already
)
context.run_migrations()
