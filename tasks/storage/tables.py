"""How the measurements lie in the store's file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, DateTime, Dialect, Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.types import TypeDecorator

#: Raise it together with a migration; kept in the file as PRAGMA user_version.
SCHEMA_VERSION = 1


class _Utc(TypeDecorator[datetime]):
    """An aware time, kept as UTC: SQLite's own times know no zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


class Row(DeclarativeBase):
    """A row of any table."""

    at: Mapped[datetime]
    type_annotation_map = {datetime: _Utc}  # noqa: RUF012 - SQLAlchemy's own way of saying it


class SampleRow(Row):
    """A `Sample` of a host."""

    __tablename__ = "samples"
    # The second index is what `prune` walks.
    __table_args__ = (Index("samples_name_at", "name", "at"), Index("samples_at", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    host: Mapped[str]
    at: Mapped[datetime]
    name: Mapped[str]
    value: Mapped[float]


class ProbeRow(Row):
    """A `Probe` made from a host."""

    __tablename__ = "probes"
    __table_args__ = (Index("probes_endpoint_at", "endpoint", "at"), Index("probes_at", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    host: Mapped[str]
    endpoint: Mapped[str]
    at: Mapped[datetime]
    ok: Mapped[bool]
    latency: Mapped[float | None]
    error: Mapped[str]


def schema_version(connection: Connection) -> int:
    """Return the version of the file's tables; 0 if it is new."""
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def create(connection: Connection) -> None:
    """Make the tables. IF NOT EXISTS, as another process may be doing so at the same moment."""
    for table in Row.metadata.sorted_tables:
        connection.execute(CreateTable(table, if_not_exists=True))
        for index in table.indexes:
            connection.execute(CreateIndex(index, if_not_exists=True))
    connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
