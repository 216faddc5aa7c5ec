"""How much of the machine is in use gets a table of its own: all figures of a time in one row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "5"
down_revision = "4"

_FIGURES = ("others", "own", "cpu_pressure", "disk_pressure", "memory_pressure", "network")


def upgrade() -> None:
    """Make the table; nothing was measured before."""
    op.create_table(
        "readings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Double) for name in _FIGURES),
        sa.Column("memory_available", sa.BigInteger),
        sa.Column("of_beat", sa.Boolean, nullable=False),
    )
    op.create_index("readings_at", "readings", ["host", "at", "of_beat", "others"])
