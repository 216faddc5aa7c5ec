"""How the measurements lie in the database. A change here needs a migration beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect, Double, Index, Integer
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from tasks.storage.moment import microseconds, moment

#: Counts up by itself in every database; SQLite does so for INTEGER only.
COUNTER = BigInteger().with_variant(Integer, "sqlite")


class Moment(TypeDecorator[datetime]):
    """An aware time, kept as microseconds since 1970: the same in every database, and quick to read."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else moment(value)


class Row(DeclarativeBase):
    """A row of any table: something that happened on a host."""

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    host: Mapped[str]
    at: Mapped[datetime]
    type_annotation_map = {datetime: Moment, float: Double}  # noqa: RUF012 - SQLAlchemy's own way of saying it


class SampleRow(Row):
    """A `Sample` of a host."""

    __tablename__ = "samples"
    # The second index is what `prune` walks.
    __table_args__ = (Index("samples_name_at", "name", "at"), Index("samples_at", "at"))

    name: Mapped[str]
    value: Mapped[float]


class ProbeRow(Row):
    """A `Probe` made from a host."""

    __tablename__ = "probes"
    __table_args__ = (Index("probes_endpoint_at", "endpoint", "at"), Index("probes_at", "at"))

    endpoint: Mapped[str]
    ok: Mapped[bool]
    latency: Mapped[float | None]
    error: Mapped[str]


class TransitionRow(Row):
    """A `Transition` of the breaker that a host keeps for an endpoint."""

    __tablename__ = "breaker_transitions"
    __table_args__ = (
        Index("breaker_transitions_endpoint_at", "endpoint", "at"),
        Index("breaker_transitions_at", "at"),
    )

    endpoint: Mapped[str]
    before: Mapped[str]
    after: Mapped[str]
    reason: Mapped[str]
    reset: Mapped[float]


class StepRow(Row):
    """A `StepUsage`. `group` is a word of SQL, so the columns say group_name and step_name."""

    __tablename__ = "step_usage"
    __table_args__ = (Index("step_usage_at", "at"),)

    group_name: Mapped[str]
    step_name: Mapped[str]
    attempt: Mapped[int]
    outcome: Mapped[str]
    seconds: Mapped[float]
    cpu_seconds: Mapped[float | None]
    peak_memory: Mapped[int | None] = mapped_column(BigInteger)


class DecisionRow(Row):
    """A `GroupEvent`: what a beat decided for a group, and how its run ended."""

    __tablename__ = "decisions"
    __table_args__ = (Index("decisions_at", "at"),)

    group_name: Mapped[str]
    decision: Mapped[str]
    reason: Mapped[str]
    outcome: Mapped[str | None]
    seconds: Mapped[float | None]
