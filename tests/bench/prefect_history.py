"""A past for Prefect's own database (SQLite): copies of all that real beats have left in it.

Every row that belongs to a beat, or to what ran below it, is copied with ids of its own and moved in time;
so each copy is what Prefect itself has written, to the last event.
"""

from __future__ import annotations

import re
import sqlite3
import uuid
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

_BEAT = timedelta(minutes=5)
#: Every so many beats, all groups run; in the other ones, nothing is due. That makes 48 runs a day of each
#: of the five groups, where the shipped rhythm has 229 in all.
_FULL = 6
#: Prefect's server keeps its events for a week, and would first of all delete older ones, for minutes.
_EVENTS_KEPT = timedelta(days=7)
_EVENTS = ("events", "event_resources")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = "%Y-%m-%d %H:%M:%S.%f"
_TABLES = (
    "flow_run",
    "flow_run_state",
    "task_run",
    "task_run_state",
    "log",
    "artifact",
    "events",
    "event_resources",
)
Value = str | int | float | bytes | None


@dataclass
class _Rows:
    """Of one table: its columns, which of them are times, and a beat's rows."""

    table: str
    columns: list[str]
    times: set[int]
    rows: list[tuple[Value, ...]] = field(default_factory=list)


def fill(database: Path, full: str, nothing: str, days: int) -> int:
    """Put copies of two beats into the `days` before them, one every five minutes. Return how many.

    `full` and `nothing` are the ids of their flow runs: one in which all groups ran, and one with none due.
    The server must not run.
    """
    with closing(sqlite3.connect(database)) as connection:
        templates = {run: _template(connection, run) for run in (full, nothing)}
        number = days * timedelta(days=1) // _BEAT
        for index in range(1, number + 1):
            _copy(connection, templates[nothing if index % _FULL else full], index * _BEAT)
        connection.commit()
    return number


def _template(connection: sqlite3.Connection, run: str) -> list[_Rows]:
    """Return the rows of a beat, and of all below it, in every table."""
    flows, tasks = [run], [""]
    while True:  # subflows hang below a task run of their parent's
        tasks = _column(connection, "task_run", "id", "flow_run_id", flows)
        more = _column(connection, "flow_run", "id", "parent_task_run_id", tasks)
        if set(more) <= set(flows):
            break
        flows = [run, *more]
    named = [f"prefect.flow-run.{each}" for each in flows] + [f"prefect.task-run.{each}" for each in tasks]
    events = {
        *_column(connection, "event_resources", "event_id", "resource_id", named),
        *_column(connection, "events", "id", "resource_id", named),
    }
    keys = {
        "flow_run": ("id", flows),
        "task_run": ("id", tasks),
        "task_run_state": ("task_run_id", tasks),
        "events": ("id", events),
        "event_resources": ("event_id", events),
    }
    return [_rows(connection, table, *keys.get(table, ("flow_run_id", flows))) for table in _TABLES]


def _column(
    connection: sqlite3.Connection, table: str, column: str, key: str, values: Iterable[str]
) -> list[str]:
    wanted = list(values)
    marks = ", ".join("?" * len(wanted))
    question = f"SELECT {column} FROM {table} WHERE {key} IN ({marks})"  # noqa: S608 - names of our own
    return [row[0] for row in connection.execute(question, wanted)]


def _rows(connection: sqlite3.Connection, table: str, key: str, values: Iterable[str]) -> _Rows:
    described = connection.execute(f"PRAGMA table_info({table})").fetchall()
    names = [row[1] for row in described]
    # A run's length is kept as a time since 1970, and does not move.
    times = {
        row[0] for row in described if row[2] in ("DATETIME", "TIMESTAMP") and row[1] != "total_run_time"
    }
    wanted = list(values)
    marks = ", ".join("?" * len(wanted))
    question = f"SELECT * FROM {table} WHERE {key} IN ({marks})"  # noqa: S608 - names of our own
    return _Rows(table, names, times, connection.execute(question, wanted).fetchall())


def _copy(connection: sqlite3.Connection, template: Sequence[_Rows], earlier: timedelta) -> None:
    new: dict[str, str] = {}
    for rows in template:
        at = rows.columns.index("id")
        new |= {str(row[at]): str(uuid.uuid4()) for row in rows.rows}
    for rows in template:
        if rows.table in _EVENTS and earlier >= _EVENTS_KEPT:
            continue
        key = rows.columns.index("idempotency_key") if "idempotency_key" in rows.columns else None
        marks = ", ".join("?" * len(rows.columns))
        connection.executemany(
            f"INSERT INTO {rows.table} VALUES ({marks})",  # noqa: S608 - names of our own
            [
                [
                    str(uuid.uuid4()) if index == key else _value(value, index in rows.times, new, earlier)
                    for index, value in enumerate(row)
                ]
                for row in rows.rows
            ],
        )


def _value(value: Value, is_time: bool, new: dict[str, str], earlier: timedelta) -> Value:
    if not isinstance(value, str):
        return value
    if is_time:
        return (datetime.strptime(value, _TIME) - earlier).strftime(_TIME)  # noqa: DTZ007 - UTC, as all there
    return _UUID.sub(lambda found: new.get(found[0], found[0]), value)
