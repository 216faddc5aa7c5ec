"""How the measurements lie in the database. A change here needs a migration beside it.

Every row happened at some time on some host. `group` is a word of SQL, so its column has another name.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
)
from sqlalchemy.types import TypeDecorator

from tasks.store.timestamp import from_microseconds, microseconds

METADATA = MetaData()

#: Counts up by itself in every database; SQLite does so for INTEGER only.
COUNTER = BigInteger().with_variant(Integer, "sqlite")


class Timestamp(TypeDecorator[datetime]):
    """An aware time, kept as microseconds since 1970: the same in every database, and quick to read."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_microseconds(value)


class ForeignText(TypeDecorator[str]):
    """Text that comes from elsewhere, and may hold what no database takes: half characters, NUL."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value and value.encode(errors="backslashreplace").decode().replace("\0", "\\0")


def _table(name: str, *columns: Column[Any], by: str = "", holding: tuple[str, ...] = ()) -> Table:
    """Return a table that is asked for a host's rows since some time, and for those `by` a column alone.

    The last index also has the columns `holding`: for these, the table itself need not be read.
    """
    table = Table(
        name,
        METADATA,
        Column("id", COUNTER, primary_key=True),
        Column("host", String, nullable=False),
        Column("at", Timestamp, nullable=False),
        *columns,
        Index(f"{name}_at", "host", "at", *(() if by else holding)),
    )
    if by:
        Index(f"{name}_{by}_at", *(table.c[column] for column in ("host", by, "at", *holding)))
    return table


SAMPLES = _table(
    "samples",
    Column("name", ForeignText, nullable=False),
    Column("value", Double, nullable=False),
    by="name",
    holding=("value",),
)

PROBES = _table(
    "probes",
    Column("endpoint", String, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("latency", Double),
    Column("error", ForeignText, nullable=False),
    by="endpoint",
)

TRANSITIONS = _table(
    "breaker_transitions",
    Column("endpoint", String, nullable=False),
    Column("before", String, nullable=False),
    Column("after", String, nullable=False),
    Column("reason", ForeignText, nullable=False),
    Column("reset", Double, nullable=False),
    by="endpoint",
)

STEPS = _table(
    "step_usage",
    Column("group_name", String, key="group", nullable=False),
    Column("step_name", String, key="step", nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("outcome", String, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("cpu_seconds", Double),
    Column("peak_memory", BigInteger),
    Column("fault", ForeignText),
)

DECISIONS = _table(
    "decisions",
    Column("group_name", String, key="group", nullable=False),
    Column("decision", String, nullable=False),
    Column("reason", ForeignText, nullable=False),
    Column("outcome", String),
    Column("seconds", Double),
    Column("run_id", String),
    Column("fault", ForeignText),
)

BEATS = _table(
    "beats",
    Column("seconds", Double, nullable=False),
    Column("note", ForeignText),
)

# A row a minute, for months: it has all figures of its time, not one, and the only index has what beats ask
# for, so that four weeks are read in milliseconds.
READINGS = _table(
    "readings",
    Column("others", Double),
    Column("own", Double),
    Column("memory_available", BigInteger),
    Column("cpu_pressure", Double),
    Column("disk_pressure", Double),
    Column("memory_pressure", Double),
    Column("network", Double),
    Column("of_beat", Boolean, nullable=False),
    holding=("of_beat", "others"),
)
