"""Each beat has a row: when it decided, how long it took, and what people had asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "6"
down_revision = "5"


def upgrade() -> None:
    """Make the table; of beats in which nothing was due, nothing is known from before."""
    op.create_table(
        "beats",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("note", sa.String),
    )
    op.create_index("beats_at", "beats", ["host", "at"])
