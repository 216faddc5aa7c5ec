"""The database that holds the measurements: SQLite's file, or whatever server a URL names."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from tasks import extras
from tasks.store.fault import StoreError

#: How long to wait for another process that writes, or for a server that does not answer, in seconds.
BUSY_SECONDS = 10.0

# Prefect's own URLs, which a user may copy, name drivers that only it can use.
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def database_url(text: str) -> URL:
    """Given what a user wrote as RHYTHM_DATABASE_URL, return it, with a driver that is at hand.

    Raises:
        StoreError: it is not a URL of SQLite's or PostgreSQL's.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # a port that is not a number; either quotes what may be a password
        url = URL.create("")
    if not (driver := _DRIVERS.get(url.drivername.partition("+")[0])):
        raise StoreError(
            "database_url",
            "is not a URL of a database that Rhythm knows",
            "Write one like postgresql://user:password@127.0.0.1/rhythm in RHYTHM_DATABASE_URL.",
        )
    return url.set(drivername=driver)


def file_url(path: Path) -> URL:
    """Return the URL of SQLite's file at `path`."""
    return URL.create("sqlite", database=str(path))


def file_of(url: URL) -> Path | None:
    """Return SQLite's file; None for another database, one in memory, or one named by a URI (file:…)."""
    path = url.database
    if url.get_backend_name() != "sqlite" or not path or path == ":memory:" or "uri" in url.query:
        return None
    return Path(path)


def where(url: URL) -> str:
    """Return what to call the database in front of a user: a path, or a URL without its secrets."""
    if url.get_backend_name() == "sqlite" and url.database:
        return url.database
    return url.set(query={}).render_as_string(hide_password=True)


def connect(url: URL, busy_seconds: float) -> Engine:
    """Return the engine; nothing is opened yet.

    Its connections begin a transaction as the option `begin` demands, where that makes a difference.

    Raises:
        StoreError: there is no driver for such a database.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, busy_seconds)
    try:
        return _postgresql(url, busy_seconds)
    except ModuleNotFoundError as error:
        raise StoreError(
            where(url), f"its driver is missing ({error})", extras.remedy("postgresql")
        ) from None


def remedy(fault: str) -> str:
    """Given a database's own words for what is wrong, return what a user can do."""
    return next((remedy for words, remedy in _REMEDIES.items() if words in fault), "See `rhythm doctor`.")


def _postgresql(url: URL, busy_seconds: float) -> Engine:
    milliseconds = max(1, round(busy_seconds * 1000))  # 0 would be forever
    arguments = {
        "connect_timeout": max(2, round(busy_seconds)),  # libpq knows no shorter one
        "tcp_user_timeout": milliseconds,  # a server that is gone without a word
    }
    engine = create_engine(url, connect_args=arguments)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, record: object) -> None:
        connection.execute(f"SET lock_timeout = {milliseconds}")
        connection.commit()

    return engine


def _sqlite(url: URL, busy_seconds: float) -> Engine:
    engine = create_engine(url, connect_args={"timeout": busy_seconds})

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
    """Switch the file to WAL, once and for all its users; not if another has it open by then.

    The switch does not wait as everything else does, and the next one to open the file tries again.
    """
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise


# The databases' own words for what a user can correct; anything else is named as it is.
_REMEDIES = {
    "locked": "Another program holds it; close that program, or try again.",
    "lock timeout": "Another program holds it; close that program, or try again.",
    "not a database": "Move it away; Rhythm then starts a new one.",
    "malformed": "It is damaged. Move it away; Rhythm then starts a new one.",
    "readonly": "Make the file and its folder writable.",
    "unable to open": "Make its folder writable, or name another outputs_dir in rhythm.toml.",
    "full": "Free some space on its disk.",
    "No space left": "Free some space on its disk.",
    "disk I/O error": "Look at its disk: it may be full, or failing.",
    "authentication failed": "Correct user or password in RHYTHM_DATABASE_URL.",
    "does not exist": "Create it, or correct RHYTHM_DATABASE_URL.",
    "connection refused": "Start the database, or correct RHYTHM_DATABASE_URL.",
    "Connection refused": "Start the database, or correct RHYTHM_DATABASE_URL.",
    "timeout expired": "Start the database, or correct RHYTHM_DATABASE_URL.",
}
