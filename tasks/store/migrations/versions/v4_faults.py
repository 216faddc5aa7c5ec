"""Attempts at steps, and runs of groups, have what went wrong in them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = "3"


def upgrade() -> None:
    """Add the columns; of what ran before, it is not known."""
    for table in ("step_usage", "decisions"):
        op.add_column(table, sa.Column("fault", sa.String))
