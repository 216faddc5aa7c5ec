"""Writes what a beat did into the store, and costs a beat next to nothing.

Importing SQLAlchemy takes longer (0.6 s of CPU on a slow machine) than all else that an idle beat
does, and writing a few rows into a SQLite file that is in order needs none of it: 3 ms. Whatever is
not in order (no file yet, old tables, another database, a fault) is left to `tasks.store.store`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from tasks.machine_id import machine_id
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import BeatRecord, GroupEvent, Reading, StepUsage
from tasks.store.quick_read import PATIENCE
from tasks.store.timestamp import microseconds
from tasks.store.version import FILE_NAME, HEAD, TABLE

_Record = GroupEvent | StepUsage | Reading | BeatRecord


def write(
    settings: Settings,
    decisions: Sequence[GroupEvent] = (),
    steps: Sequence[StepUsage] = (),
    readings: Sequence[Reading] = (),
    beats: Sequence[BeatRecord] = (),
) -> None:
    """Put what a beat decided, what its steps cost, and what was read of the machine, into the store.

    Raises:
        tasks.store.store.StoreError: the store cannot be written to.
    """
    rows: dict[str, Sequence[_Record]] = {
        "decisions": decisions,
        "step_usage": steps,
        "readings": readings,
        "beats": beats,
    }
    if not settings.database_url and _write(settings.outputs_dir / FILE_NAME, rows):
        return
    from tasks.store.store import store_of

    with store_of(settings, busy_seconds=PATIENCE) as store:
        store.add_decisions(decisions)
        store.add_steps(steps)
        store.add_readings(readings)
        store.add_beats(beats)


def _write(path: Path, rows: Mapping[str, Sequence[_Record]]) -> bool:
    """Write into the file, if it is there and in order; return whether that was done."""
    try:
        host = machine_id(path.parent)
        uri = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=PATIENCE)) as connection, connection:
            (version,) = connection.execute(f"SELECT version_num FROM {TABLE}").fetchone()  # noqa: S608 - our own name
            if version != HEAD:
                return False
            for table, records in rows.items():
                _insert(connection, table, host, records)
    except (sqlite3.Error, OSError):
        return False  # the store finds the same fault, and says what to do
    return True


def _insert(connection: sqlite3.Connection, table: str, host: str, records: Iterable[_Record]) -> None:
    rows = [{"host": host, **_columns(asdict(record))} for record in records]
    if rows:
        names = ", ".join(rows[0])
        marks = ", ".join(f":{name}" for name in rows[0])
        connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608 - our own names


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    """Given a record's values, return them as its row has them; `group` is a word of SQL."""
    names = {"group": "group_name", "step": "step_name"}
    return {
        names.get(key, key): microseconds(value) if isinstance(value, datetime) else value
        for key, value in values.items()
    }
