"""Samples and probes, their times as text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    """Make the first two tables."""
    op.create_table(
        "samples",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
    )
    op.create_table(
        "probes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("endpoint", sa.String, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("ok", sa.Boolean, nullable=False),
        sa.Column("latency", sa.Double),
        sa.Column("error", sa.String, nullable=False),
    )
    op.create_index("samples_name_at", "samples", ["name", "at"])
    op.create_index("samples_at", "samples", ["at"])
    op.create_index("probes_endpoint_at", "probes", ["endpoint", "at"])
    op.create_index("probes_at", "probes", ["at"])
