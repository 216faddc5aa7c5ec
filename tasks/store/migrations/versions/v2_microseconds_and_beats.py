"""Times become microseconds since 1970; breakers, steps and decisions get their tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"

#: A UTC time as version 1 kept it, in microseconds. SQLite reads seconds from text exactly only if
#: they are whole: 59.9999 would be the next minute's.
_MICROSECONDS = (
    "CAST(strftime('%s', substr(at, 1, 19)) AS INTEGER) * 1000000"
    " + CAST(substr(at || '000000', 21, 6) AS INTEGER)"
)


def upgrade() -> None:
    """Lay the two old tables anew with all that they hold, and make the three new ones."""
    _renew("samples", _text("name"), _number("value"), by="name", holding=("value",))
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
        _number("reset"),
        by="endpoint",
    )
    _create(
        "step_usage",
        *(_text(name) for name in ("group_name", "step_name")),
        sa.Column("attempt", sa.Integer, nullable=False),
        _text("outcome"),
        _number("seconds"),
        sa.Column("cpu_seconds", sa.Double),
        sa.Column("peak_memory", sa.BigInteger),
    )
    _create(
        "decisions",
        *(_text(name) for name in ("group_name", "decision", "reason")),
        sa.Column("outcome", sa.String),
        sa.Column("seconds", sa.Double),
    )
    if _is_sqlite():
        op.execute("PRAGMA user_version = 2")  # where a Rhythm of version 1 looks, to leave the file alone


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False)


def _number(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=False)


def _renew(table: str, *columns: sa.Column[Any], by: str, holding: tuple[str, ...] = ()) -> None:
    for index in (f"{table}_{by}_at", f"{table}_at"):
        op.drop_index(index, table)
    if not _is_sqlite():  # the only one that version 1 knew: there are no rows
        op.drop_table(table)
        _create(table, *columns, by=by, holding=holding)
        return
    op.rename_table(table, f"{table}_1")
    _create(table, *columns, by=by, holding=holding)
    names = ", ".join(["id", "host", *(column.name for column in columns)])
    op.execute(f"INSERT INTO {table} ({names}, at) SELECT {names}, {_MICROSECONDS} FROM {table}_1")  # noqa: S608 - our own names
    op.drop_table(f"{table}_1")


def _create(table: str, *columns: sa.Column[Any], by: str = "", holding: tuple[str, ...] = ()) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        _text("host"),
        sa.Column("at", sa.BigInteger, nullable=False),
        *columns,
    )
    op.create_index(f"{table}_at", table, ["host", "at"])
    if by:
        op.create_index(f"{table}_{by}_at", table, ["host", by, "at", *holding])
