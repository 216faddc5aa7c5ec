"""What the store is asked: one statement a question, each answered through an index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, case, func, select, type_coerce

from tasks.storage.tables import DecisionRow, Moment, ProbeRow, SampleRow, StepRow, TransitionRow

_MICROSECOND = timedelta(microseconds=1)


def samples(host: str, name: str, since: datetime) -> Select[Any]:
    """Ask for the samples of one name, oldest first."""
    return (
        select(SampleRow.at, SampleRow.name, SampleRow.value)
        .where(SampleRow.name == name, SampleRow.at >= since, SampleRow.host == host)
        .order_by(SampleRow.at)
    )


def sample_names(host: str) -> Select[Any]:
    """Ask for all names of samples."""
    return select(SampleRow.name).where(SampleRow.host == host).distinct().order_by(SampleRow.name)


def buckets(host: str, names: Sequence[str], since: datetime, width: timedelta) -> Select[Any]:
    """Ask for samples in stretches of `width`, by name and time."""
    start = _start(SampleRow.at, width)
    value = SampleRow.value
    return (
        select(SampleRow.name, start, func.count(), func.avg(value), func.min(value), func.max(value))
        .where(SampleRow.name.in_(names), SampleRow.at >= since, SampleRow.host == host)
        .group_by(SampleRow.name, start)
        .order_by(SampleRow.name, start)
    )


def probes(host: str, endpoint: str | None, since: datetime) -> Select[Any]:
    """Ask for the probes of one endpoint or all, oldest first."""
    query = (
        select(ProbeRow.endpoint, ProbeRow.at, ProbeRow.ok, ProbeRow.latency, ProbeRow.error)
        .where(ProbeRow.at >= since, ProbeRow.host == host)
        .order_by(ProbeRow.at, ProbeRow.id)
    )
    return query if endpoint is None else query.where(ProbeRow.endpoint == endpoint)


def probe_buckets(host: str, since: datetime, width: timedelta) -> Select[Any]:
    """Ask for probes in stretches of `width`, by endpoint and time; latencies of those that succeeded."""
    start = _start(ProbeRow.at, width)
    latency = case((ProbeRow.ok, ProbeRow.latency))
    succeeded = func.sum(case((ProbeRow.ok, 1), else_=0))
    return (
        select(ProbeRow.endpoint, start, func.count(), succeeded, func.avg(latency), func.max(latency))
        .where(ProbeRow.at >= since, ProbeRow.host == host)
        .group_by(ProbeRow.endpoint, start)
        .order_by(ProbeRow.endpoint, start)
    )


def transitions(host: str, endpoint: str | None, since: datetime) -> Select[Any]:
    """Ask for the transitions of one endpoint or all, oldest first."""
    query = (
        select(*_TRANSITION)
        .where(TransitionRow.at >= since, TransitionRow.host == host)
        .order_by(TransitionRow.at, TransitionRow.id)
    )
    return query if endpoint is None else query.where(TransitionRow.endpoint == endpoint)


def last_transitions(host: str) -> Select[Any]:
    """Ask for the latest transition of each endpoint."""
    newest = func.max(TransitionRow.id)
    ids = select(newest).where(TransitionRow.host == host).group_by(TransitionRow.endpoint)
    return select(*_TRANSITION).where(TransitionRow.id.in_(ids))


def steps(host: str, since: datetime) -> Select[Any]:
    """Ask for what steps cost, oldest first."""
    return (
        select(
            StepRow.at,
            StepRow.group_name,
            StepRow.step_name,
            StepRow.attempt,
            StepRow.outcome,
            StepRow.seconds,
            StepRow.cpu_seconds,
            StepRow.peak_memory,
        )
        .where(StepRow.at >= since, StepRow.host == host)
        .order_by(StepRow.at)
    )


def decisions(host: str, since: datetime, but: Sequence[str]) -> Select[Any]:
    """Ask for what beats decided, oldest first, apart from the decisions in `but`."""
    return (
        select(
            DecisionRow.at,
            DecisionRow.group_name,
            DecisionRow.decision,
            DecisionRow.reason,
            DecisionRow.outcome,
            DecisionRow.seconds,
        )
        .where(DecisionRow.at >= since, DecisionRow.host == host, DecisionRow.decision.not_in(but))
        .order_by(DecisionRow.at, DecisionRow.id)
    )


_TRANSITION = (
    TransitionRow.endpoint,
    TransitionRow.at,
    TransitionRow.before,
    TransitionRow.after,
    TransitionRow.reason,
    TransitionRow.reset,
)


def _start(at: Any, width: timedelta) -> ColumnElement[datetime]:
    """Return when the stretch of `width` begins that a time lies in."""
    size = width // _MICROSECOND
    micros = type_coerce(at, BigInteger)
    return type_coerce(micros - micros % size, Moment).label("start")
