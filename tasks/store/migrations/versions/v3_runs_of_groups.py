"""A decision to run a group has the run's id in Prefect, for links to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Add the column; of what ran before, no id is known."""
    op.add_column("decisions", sa.Column("run_id", sa.String))
