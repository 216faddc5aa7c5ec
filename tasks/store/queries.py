"""What the store is asked: one statement a question, each answered through an index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Column,
    ColumnElement,
    Delete,
    Double,
    Select,
    Table,
    case,
    cast,
    delete,
    func,
    literal,
    select,
    tuple_,
    type_coerce,
)

from tasks.store.tables import BEATS, DECISIONS, PROBES, READINGS, SAMPLES, STEPS, TRANSITIONS, Timestamp

_MICROSECOND = timedelta(microseconds=1)


def samples(host: str, name: str, since: datetime) -> Select[Any]:
    """Ask for the samples of one name, oldest first."""
    of = SAMPLES.c
    return _since(SAMPLES, host, since, of.at, of.name, of.value).where(of.name == name).order_by(of.at)


def sample_names(host: str) -> Select[Any]:
    """Ask for all names of samples."""
    names = _each(SAMPLES.c.name, SAMPLES.c.host == host)
    return select(names.c.found).where(names.c.found.is_not(None))


def buckets(host: str, names: Sequence[str], since: datetime, width: timedelta) -> Select[Any]:
    """Ask for samples in stretches of `width`, by name and time."""
    of = SAMPLES.c
    start, value = _start(of.at, width), of.value
    figures = func.count(), func.avg(value), func.min(value), func.max(value)
    asked = _since(SAMPLES, host, since, of.name, start, *figures).where(of.name.in_(names))
    return asked.group_by(of.name, start).order_by(of.name, start)


def probes(host: str, endpoint: str | None, since: datetime) -> Select[Any]:
    """Ask for the probes of one endpoint or all, oldest first."""
    of = PROBES.c
    asked = _since(PROBES, host, since, of.endpoint, of.at, of.ok, of.latency, of.error)
    if endpoint is not None:
        asked = asked.where(of.endpoint == endpoint)
    return asked.order_by(of.at, of.id)


def probe_buckets(host: str, since: datetime, width: timedelta) -> Select[Any]:
    """Ask for probes in stretches of `width`, by endpoint and time; latencies of those that succeeded."""
    of = PROBES.c
    start, latency = _start(of.at, width), case((of.ok, of.latency))
    figures = func.count(), func.sum(case((of.ok, 1), else_=0)), func.avg(latency), func.max(latency)
    asked = _since(PROBES, host, since, of.endpoint, start, *figures)
    return asked.group_by(of.endpoint, start).order_by(of.endpoint, start)


def transitions(host: str, endpoint: str | None, since: datetime) -> Select[Any]:
    """Ask for the transitions of one endpoint or all, oldest first."""
    asked = _since(TRANSITIONS, host, since, *_TRANSITION)
    if endpoint is not None:
        asked = asked.where(TRANSITIONS.c.endpoint == endpoint)
    return asked.order_by(TRANSITIONS.c.at, TRANSITIONS.c.id)


def last_transitions(host: str) -> Select[Any]:
    """Ask for the latest transition of each endpoint."""
    endpoints = _each(TRANSITIONS.c.endpoint, TRANSITIONS.c.host == host)
    other = TRANSITIONS.alias()
    latest = (
        select(other.c.id)
        .where(other.c.host == host, other.c.endpoint == endpoints.c.found)
        .order_by(other.c.at.desc(), other.c.id.desc())
        .limit(1)
    )
    ids = select(latest.scalar_subquery()).select_from(endpoints)
    return select(*_TRANSITION).where(TRANSITIONS.c.id.in_(ids))


def steps(host: str, since: datetime) -> Select[Any]:
    """Ask for what steps cost, oldest first."""
    of = STEPS.c
    cost = of.outcome, of.seconds, of.cpu_seconds, of.peak_memory, func.coalesce(of.fault, "")
    asked = _since(STEPS, host, since, of.at, of.group, of.step, of.attempt, *cost)
    return asked.order_by(of.at, of.id)


def decisions(host: str, since: datetime, but: Sequence[str]) -> Select[Any]:
    """Ask for what beats decided, oldest first, apart from the decisions in `but`."""
    of = DECISIONS.c
    ran = of.outcome, of.seconds, of.run_id, func.coalesce(of.fault, "")
    asked = _since(DECISIONS, host, since, of.at, of.group, of.decision, of.reason, *ran)
    return asked.where(of.decision.not_in(but)).order_by(of.at, of.id)


def runs(host: str, groups: Sequence[str], most: int) -> Select[Any]:
    """Ask for the last runs of groups, the newest first."""
    of = DECISIONS.c
    ran = of.outcome, of.seconds, of.run_id, func.coalesce(of.fault, "")
    asked = select(of.at, of.group, of.decision, of.reason, *ran).where(of.host == host)
    mine = asked.where(of.decision == "run", of.outcome.is_not(None), of.group.in_(groups))
    return mine.order_by(of.at.desc(), of.id.desc()).limit(most)


def attempts(host: str, steps: Sequence[tuple[str, str]], most: int) -> Select[Any]:
    """Ask for the last attempts at steps, each named with its group, the newest first."""
    of = STEPS.c
    cost = of.outcome, of.seconds, of.cpu_seconds, of.peak_memory
    asked = select(of.at, of.group, of.step, of.attempt, *cost).where(of.host == host)
    mine = asked.where(tuple_(of.group, of.step).in_(steps))  # with `or`, SQLite takes a thousand at most
    return mine.order_by(of.at.desc(), of.id.desc()).limit(most)


def beats(host: str, since: datetime) -> Select[Any]:
    """Ask for beats, oldest first."""
    of = BEATS.c
    return _since(BEATS, host, since, of.at, of.seconds, of.note).order_by(of.at)


def readings(host: str, since: datetime, of_beat: bool | None) -> Select[Any]:
    """Ask for readings, oldest first: those of beats, of the daemon, or all."""
    of = READINGS.c
    figures = of.cpu_pressure, of.disk_pressure, of.memory_pressure, of.network
    asked = _since(READINGS, host, since, of.at, of.others, of.own, of.memory_available, *figures, of.of_beat)
    if of_beat is not None:
        asked = asked.where(of.of_beat == of_beat)
    return asked.order_by(of.at, of.of_beat)


def reading_buckets(host: str, figure: str, since: datetime, width: timedelta) -> Select[Any]:
    """Ask for one figure of readings, where it was measured, in stretches of `width`, oldest first."""
    of = READINGS.c
    start, value = _start(of.at, width), cast(of[figure], Double)
    figures = func.count(), func.avg(value), func.min(value), func.max(value)
    asked = _since(READINGS, host, since, literal(figure), start, *figures).where(of[figure].is_not(None))
    return asked.group_by(start).order_by(start)


def hosts(table: Table) -> Select[Any]:
    """Ask for all hosts that have rows in a table."""
    hosts = _each(table.c.host)
    return select(hosts.c.found).where(hosts.c.found.is_not(None))


def prune(table: Table, host: str, before: datetime, at_most: int) -> Delete:
    """Delete rows of a host that are older than `before`; at most so many."""
    old = select(table.c.id).where(table.c.host == host, table.c.at < before).limit(at_most)
    return delete(table).where(table.c.id.in_(old))


_TRANSITION = tuple(TRANSITIONS.c[name] for name in ("endpoint", "at", "before", "after", "reason", "reset"))


def _since(table: Table, host: str, since: datetime, *columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns).where(table.c.host == host, table.c.at >= since)


def _each(column: Column[str], *among: ColumnElement[bool]) -> CTE:
    """Ask for each value of a column once (`found`), the last of them null.

    What it is `among` and the column begin an index: from each value, one look into that finds the
    next. A plain DISTINCT reads all rows (https://wiki.postgresql.org/wiki/Loose_indexscan).
    """
    first = select(func.min(column).label("found")).where(*among)
    found = first.cte("each", recursive=True)
    after = first.where(column > found.c.found).scalar_subquery()
    return found.union_all(select(after).where(found.c.found.is_not(None)))


def _start(at: Column[datetime], width: timedelta) -> ColumnElement[datetime]:
    """Return when the stretch of `width` begins that a time lies in."""
    size = width // _MICROSECOND
    micros = type_coerce(at, BigInteger)
    return type_coerce(micros - micros % size, Timestamp).label("start")
