"""Measurements over time: what was measured, what steps cost, what beats decided.

They lie in one SQLite file, or in the PostgreSQL that RHYTHM_DATABASE_URL names. Any number of processes
may read while one writes; a writer waits for another up to `busy_seconds`. Times come back in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Any

from sqlalchemy import URL, Connection, Engine, Executable, Table, insert
from sqlalchemy.exc import DBAPIError

from tasks.files import private
from tasks.machine_id import machine_id
from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import Settings
from tasks.store import queries
from tasks.store.database import BUSY_SECONDS, connect, database_url, file_of, file_url, remedy, where
from tasks.store.fault import StoreError
from tasks.store.measurements import (
    BeatRecord,
    Bucket,
    GroupEvent,
    Probe,
    ProbeBucket,
    Reading,
    Sample,
    StepUsage,
    Transition,
)
from tasks.store.schema import NewerSchemaError, is_current, migrate
from tasks.store.tables import BEATS, DECISIONS, METADATA, PROBES, READINGS, SAMPLES, STEPS, TRANSITIONS
from tasks.store.version import FILE_NAME

__all__ = ["FILE_NAME", "Store", "StoreError", "store_of"]

# Rows that `prune` deletes at once: about 10 ms with an SSD, in which nobody else writes.
_BATCH = 5_000


class Store:
    """The measurements of this machine. Use it as a context manager: entering it makes folder and tables.

    `host` is the machine's id: one database may have the rows of several.

    Every method raises StoreError if the database cannot be opened, read or written.
    """

    def __init__(self, place: Path | URL, *, host: str = "", busy_seconds: float = BUSY_SECONDS) -> None:
        self._url = place if isinstance(place, URL) else file_url(place)
        self._host = host
        engine = connect(self._url, busy_seconds)
        self._reading = engine.execution_options(begin="DEFERRED")
        # A transaction of SQLite's that turns from reading to writing is refused instead of waiting.
        self._writing = engine.execution_options(begin="IMMEDIATE")

    def __enter__(self) -> Store:
        self._make_file()
        try:
            self._make_tables()
        except BaseException:
            self._reading.dispose()  # nobody will come to close the file, which Windows then keeps
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reading.dispose()

    def add_samples(self, samples: Iterable[Sample]) -> None:
        """Add samples of this host: all of them or none."""
        # Not by asdict, as the others: there are many, and it takes as long as all the rest.
        self._insert(SAMPLES, ({"at": s.at, "name": s.name, "value": s.value} for s in samples))

    def add_probes(self, probes: Iterable[Probe]) -> None:
        """Add probes made from this host: all of them or none."""
        self._insert(PROBES, map(asdict, probes))

    def add_transitions(self, transitions: Iterable[Transition]) -> None:
        """Add what the breakers of this host did: all of it or none."""
        self._insert(TRANSITIONS, map(asdict, transitions))

    def add_steps(self, steps: Iterable[StepUsage]) -> None:
        """Add what steps cost on this host: all of it or none."""
        self._insert(STEPS, map(asdict, steps))

    def add_decisions(self, decisions: Iterable[GroupEvent]) -> None:
        """Add what a beat on this host decided: all of it or none."""
        self._insert(DECISIONS, map(asdict, decisions))

    def add_beats(self, beats: Iterable[BeatRecord]) -> None:
        """Add beats on this host: all of them or none."""
        self._insert(BEATS, map(asdict, beats))

    def add_readings(self, readings: Iterable[Reading]) -> None:
        """Add how much of this host was in use: all of it or none."""
        self._insert(READINGS, map(asdict, readings))

    def samples(self, name: str, since: datetime) -> list[Sample]:
        """Return this host's samples of that name from `since` (aware) on, oldest first."""
        return [Sample(*row) for row in self._ask(queries.samples(self._host, name, since))]

    def sample_names(self) -> list[str]:
        """Return the names of all samples that this host has, in order."""
        return [name for (name,) in self._ask(queries.sample_names(self._host))]

    def buckets(self, names: Sequence[str], since: datetime, width: timedelta) -> list[Bucket]:
        """Return this host's samples of these names from `since` on, gathered in stretches of `width`.

        By name and time; the stretches begin at whole multiples of `width` since 1970. The database
        does the gathering, so 90 days cost no more memory than they have stretches.
        """
        return [Bucket(*row) for row in self._ask(queries.buckets(self._host, names, since, width))]

    def probes(self, endpoint: str | None, since: datetime) -> list[Probe]:
        """Return this host's probes of `endpoint` (None: of all) from `since` (aware) on, oldest first."""
        return [Probe(*row) for row in self._ask(queries.probes(self._host, endpoint, since))]

    def probe_buckets(self, since: datetime, width: timedelta) -> list[ProbeBucket]:
        """Return this host's probes from `since` on, gathered as `buckets` does, by endpoint and time."""
        return [ProbeBucket(*row) for row in self._ask(queries.probe_buckets(self._host, since, width))]

    def transitions(self, endpoint: str | None, since: datetime) -> list[Transition]:
        """Return what the breaker of `endpoint` (None: all breakers) did from `since` on, oldest first."""
        return [Transition(*row) for row in self._ask(queries.transitions(self._host, endpoint, since))]

    def last_transitions(self) -> dict[str, Transition]:
        """Return the latest transition of every endpoint that has one."""
        rows = self._ask(queries.last_transitions(self._host))
        return {row.endpoint: Transition(*row) for row in rows}

    def steps(self, since: datetime) -> list[StepUsage]:
        """Return what this host's steps cost from `since` on, oldest first."""
        return [_usage(row) for row in self._ask(queries.steps(self._host, since))]

    def attempts(self, steps: Sequence[tuple[str, str]], most: int) -> list[StepUsage]:
        """Return what the last attempts at these steps (group, step) cost on this host, oldest first."""
        return [_usage(row) for row in reversed(self._ask(queries.attempts(self._host, steps, most)))]

    def decisions(self, since: datetime, but: Sequence[str] = ()) -> list[GroupEvent]:
        """Return what this host's beats decided from `since` on, oldest first; no decision named in `but`."""
        return [_event(row) for row in self._ask(queries.decisions(self._host, since, but))]

    def runs(self, groups: Sequence[str], most: int) -> list[GroupEvent]:
        """Return the last runs of these groups on this host that have ended, oldest first."""
        return [_event(row) for row in reversed(self._ask(queries.runs(self._host, groups, most)))]

    def beats(self, since: datetime) -> list[BeatRecord]:
        """Return this host's beats from `since` (aware) on, oldest first."""
        return [BeatRecord(*row) for row in self._ask(queries.beats(self._host, since))]

    def readings(self, since: datetime, *, of_beat: bool | None = None) -> list[Reading]:
        """Return how much of this host was in use from `since` (aware) on, oldest first.

        Only as beats have measured it, or only as the daemon has, if `of_beat` is given.
        """
        return [Reading(*row) for row in self._ask(queries.readings(self._host, since, of_beat))]

    def reading_buckets(self, figure: str, since: datetime, width: timedelta) -> list[Bucket]:
        """Return one figure of this host's readings from `since` on, gathered as `buckets` does.

        `figure` is a field of Reading, as OTHERS; where it could not be measured, it does not count.
        """
        return [Bucket(*row) for row in self._ask(queries.reading_buckets(self._host, figure, since, width))]

    def prune(self, before: datetime) -> int:
        """Delete everything older than `before` (aware); return how many rows that was.

        A few at a time, and others may write in between: SQLite lets one write at a time, and years of
        measurements take minutes to delete. A file keeps its size, and fills what is free in it again.
        """
        return sum(
            self._prune(table, host, before)
            for table in METADATA.sorted_tables
            for (host,) in self._ask(queries.hosts(table))
        )

    def _prune(self, table: Table, host: str, before: datetime) -> int:
        pruned = 0
        while True:
            began = monotonic()
            with self._transaction(self._writing) as connection:
                batch = connection.execute(queries.prune(table, host, before, _BATCH)).rowcount
            pruned += batch
            if batch < _BATCH:
                return pruned
            sleep(monotonic() - began)  # those who wait to write only look now and then

    def _make_tables(self) -> None:
        try:
            with self._transaction(self._reading) as connection:
                ready = is_current(connection)
            if not ready:
                with self._transaction(self._writing) as connection:
                    migrate(connection)
        except NewerSchemaError as error:
            raise StoreError(
                where(self._url),
                f"was written by a newer Rhythm (schema {error})",
                "Update Rhythm, or name another outputs_dir or database.",
            ) from None

    def _insert(self, table: Table, records: Iterable[dict[str, Any]]) -> None:
        if rows := [{"host": self._host, **record} for record in records]:
            with self._transaction(self._writing) as connection:
                connection.execute(insert(table), rows)

    def _ask(self, question: Executable) -> Sequence[Any]:
        with self._transaction(self._reading) as connection:
            return connection.execute(question).all()

    def _make_file(self) -> None:
        path = file_of(self._url)
        if path is None:
            return
        try:
            private.make_folder(path.parent)
        except OSError as error:
            raise _unwritable(path, error) from error
        with suppress(OSError):  # SQLite cannot make it either, and reports it
            private.make_file(path)

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        try:
            with engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            fault = " ".join(str(error.orig).split()).rstrip(".?")
            raise StoreError(where(self._url), fault, remedy(fault)) from error


def store_of(settings: Settings, *, busy_seconds: float = BUSY_SECONDS) -> Store:
    """Return the store of these settings: their database_url, or `rhythm.db` in their outputs_dir.

    Raises:
        StoreError: the URL is none, there is no driver for it, or the machine has no id and gets none.
    """
    try:
        host = machine_id(settings.outputs_dir)
    except OSError as error:
        raise _unwritable(settings.outputs_dir / FILE_NAME, error) from error
    if settings.database_url:
        place: Path | URL = database_url(settings.database_url.get_secret_value())
    else:
        place = settings.outputs_dir / FILE_NAME
    return Store(place, host=host, busy_seconds=busy_seconds)


def _usage(row: Any) -> StepUsage:
    at, group, step, attempt, outcome, *cost = row
    return StepUsage(at, group, step, attempt, Outcome(outcome), *cost)


def _event(row: Any) -> GroupEvent:
    at, group, decision, reason, outcome, *ran = row
    return GroupEvent(at, group, decision, reason, Outcome(outcome) if outcome else None, *ran)


def _unwritable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        str(path),
        f"its folder cannot be made ({error.strerror})",
        "Name a folder that you may write to as outputs_dir in rhythm.toml.",
    )
