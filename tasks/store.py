"""Measurements over time, in one SQLite file: samples of the machine and probes of endpoints.

Any number of processes may read while one writes (WAL); a writer waits for another up to
`BUSY_SECONDS`. Times are kept in UTC.
"""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, delete, event, insert, select
from sqlalchemy.exc import DatabaseError

from tasks.measurements import Probe, Sample
from tasks.settings import Settings
from tasks.storage.tables import SCHEMA_VERSION, ProbeRow, Row, SampleRow, create, schema_version

FILE_NAME = "rhythm.db"
#: How long to wait for another process that writes, in seconds.
BUSY_SECONDS = 10.0


class StoreError(Exception):
    """The measurements cannot be reached: the message says which file, what is wrong, what to do."""

    def __init__(self, path: Path, fault: str, remedy: str) -> None:
        super().__init__(f"{path}: {fault}. {remedy}")


class Store:
    """The measurements of this host. Use it as a context manager: entering it makes folder and file.

    Every method raises StoreError if the file cannot be opened, read or written.
    """

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self._host = socket.gethostname()
        engine = _engine(path, busy_seconds)
        self._reading = engine.execution_options(begin="DEFERRED")
        # A transaction that turns from reading to writing is refused at once instead of waiting.
        self._writing = engine.execution_options(begin="IMMEDIATE")

    def __enter__(self) -> Store:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                self.path,
                f"its folder cannot be made ({error.strerror})",
                "Name a folder that you may write to as outputs_dir in rhythm.toml.",
            ) from error
        with self._transaction(self._reading) as connection:
            version = schema_version(connection)
        if version > SCHEMA_VERSION:
            raise StoreError(
                self.path,
                f"was written by a newer Rhythm (schema {version}, this one knows {SCHEMA_VERSION})",
                "Update Rhythm, or name another outputs_dir in rhythm.toml.",
            )
        if version < SCHEMA_VERSION:
            with self._transaction(self._writing) as connection:
                create(connection)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reading.dispose()

    def add_samples(self, samples: Iterable[Sample]) -> None:
        """Add samples of this host: all of them or none."""
        self._insert(
            SampleRow,
            [{"host": self._host, "at": s.at, "name": s.name, "value": s.value} for s in samples],
        )

    def add_probes(self, probes: Iterable[Probe]) -> None:
        """Add probes made from this host: all of them or none."""
        self._insert(
            ProbeRow,
            [
                {
                    "host": self._host,
                    "endpoint": p.endpoint,
                    "at": p.at,
                    "ok": p.ok,
                    "latency": p.latency,
                    "error": p.error,
                }
                for p in probes
            ],
        )

    def samples(self, name: str, since: datetime) -> list[Sample]:
        """Return this host's samples of that name from `since` (aware) on, oldest first."""
        query = (
            select(SampleRow.at, SampleRow.name, SampleRow.value)
            .where(SampleRow.name == name, SampleRow.at >= since, SampleRow.host == self._host)
            .order_by(SampleRow.at)
        )
        with self._transaction(self._reading) as connection:
            return [Sample(*row) for row in connection.execute(query)]

    def probes(self, endpoint: str | None, since: datetime) -> list[Probe]:
        """Return this host's probes of `endpoint` (None: of all) from `since` (aware) on, oldest first."""
        query = (
            select(ProbeRow.endpoint, ProbeRow.at, ProbeRow.ok, ProbeRow.latency, ProbeRow.error)
            .where(ProbeRow.at >= since, ProbeRow.host == self._host)
            .order_by(ProbeRow.at)
        )
        if endpoint is not None:
            query = query.where(ProbeRow.endpoint == endpoint)
        with self._transaction(self._reading) as connection:
            return [Probe(*row) for row in connection.execute(query)]

    def prune(self, before: datetime) -> int:
        """Delete everything older than `before` (aware); return how many rows that was."""
        with self._transaction(self._writing) as connection:
            return sum(
                connection.execute(delete(row).where(row.at < before)).rowcount
                for row in (SampleRow, ProbeRow)
            )

    def _insert(self, row: type[Row], values: list[dict[str, Any]]) -> None:
        if values:
            with self._transaction(self._writing) as connection:
                connection.execute(insert(row), values)

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        try:
            with engine.begin() as connection:
                yield connection
        except DatabaseError as error:
            fault = str(error.orig)
            raise StoreError(self.path, fault, _remedy(fault)) from error


def store_of(settings: Settings) -> Store:
    """Return the store of these settings: `rhythm.db` in their outputs_dir."""
    return Store(settings.outputs_dir / FILE_NAME)


def _engine(path: Path, busy_seconds: float) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": busy_seconds},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, record: object) -> None:
        # sqlite3 would begin transactions late and leave table definitions out of them; we begin ourselves.
        connection.isolation_level = None
        _prefer_wal(connection)
        connection.execute("PRAGMA synchronous = NORMAL")  # safe with WAL; a power cut costs the last run

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options()['begin']}")

    return engine


def _prefer_wal(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL, once and for all its users; not now if another has it open at this moment.

    The switch does not wait as everything else does, and the next one to open the file tries again.
    """
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise


# SQLite's own words for what a user can mend; anything else is named as it is.
_REMEDIES = {
    "locked": "Another program holds it; close that program, or try again.",
    "not a database": "Move it away; Rhythm then starts a new one.",
    "malformed": "It is damaged. Move it away; Rhythm then starts a new one.",
    "readonly": "Make the file and its folder writable.",
    "unable to open": "Make its folder writable, or name another outputs_dir in rhythm.toml.",
    "full": "Free some space on its disk.",
}


def _remedy(fault: str) -> str:
    return next((remedy for words, remedy in _REMEDIES.items() if words in fault), "See `rhythm doctor`.")
