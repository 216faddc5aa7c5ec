"""Times become microseconds since 1970; breakers, steps and decisions get their tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"

#: A UTC time as version 1 kept it, in microseconds. SQLite's strftime is exact for whole seconds only,
#: so the fraction is read from the text.
_MICROSECONDS = {
    "sqlite": "CAST(strftime('%s', at) AS INTEGER) * 1000000"
    " + CAST(substr(at || '000000', 21, 6) AS INTEGER)",
    "postgresql": "CAST(EXTRACT(EPOCH FROM at) * 1000000 AS BIGINT)",
}


def upgrade() -> None:
    """Lay the two old tables anew with all that they hold, and make the three new ones."""
    _renew("samples", _text("name"), sa.Column("value", sa.Double, nullable=False), by="name")
    _renew(
        "probes",
        _text("endpoint"),
        sa.Column("ok", sa.Boolean, nullable=False),
        sa.Column("latency", sa.Double),
        _text("error"),
        by="endpoint",
    )
    _create(
        "breaker_transitions",
        *(_text(name) for name in ("endpoint", "before", "after", "reason")),
        sa.Column("reset", sa.Double, nullable=False),
        by="endpoint",
    )
    _create(
        "step_usage",
        *(_text(name) for name in ("group_name", "step_name", "outcome")),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("cpu_seconds", sa.Double),
        sa.Column("peak_memory", sa.BigInteger),
    )
    _create(
        "decisions",
        *(_text(name) for name in ("group_name", "decision", "reason")),
        sa.Column("outcome", sa.String),
        sa.Column("seconds", sa.Double),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False)


def _renew(table: str, *columns: sa.Column[Any], by: str) -> None:
    for index in (f"{table}_{by}_at", f"{table}_at"):
        op.drop_index(index, table)
    op.rename_table(table, f"{table}_1")
    _create(table, *columns, by=by)
    names = ", ".join(["host", *(column.name for column in columns)])
    moment = _MICROSECONDS[op.get_bind().dialect.name]
    op.execute(f"INSERT INTO {table} ({names}, at) SELECT {names}, {moment} FROM {table}_1")  # noqa: S608 - no value of a user's
    op.drop_table(f"{table}_1")


def _create(table: str, *columns: sa.Column[Any], by: str | None = None) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        _text("host"),
        sa.Column("at", sa.BigInteger, nullable=False),
        *columns,
    )
    op.create_index(f"{table}_at", table, ["at"])
    if by:
        op.create_index(f"{table}_{by}_at", table, [by, "at"])
