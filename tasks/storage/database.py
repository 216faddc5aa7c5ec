"""The database that holds the measurements: SQLite's file, or whatever server a URL names."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from tasks.storage.fault import StoreError

#: How long to wait for another process that writes, or for a server that does not answer, in seconds.
BUSY_SECONDS = 10.0


def database_url(text: str) -> URL:
    """Given what a user wrote as RHYTHM_DATABASE_URL, return it.

    `postgresql://` is taken for psycopg, the driver that Rhythm asks for.

    Raises:
        StoreError: it is no URL of a database.
    """
    try:
        url = make_url(text)
    except ArgumentError:
        raise StoreError(
            "database_url",
            "is no URL of a database",
            "Write one like postgresql://user:password@127.0.0.1/rhythm in RHYTHM_DATABASE_URL.",
        ) from None
    named = url.drivername in ("postgresql", "postgres")
    return url.set(drivername="postgresql+psycopg") if named else url


def file_url(path: Path) -> URL:
    """Return the URL of SQLite's file at `path`."""
    return URL.create("sqlite", database=str(path))


def where(url: URL) -> str:
    """Return what to call the database in front of a user: a path, or a URL without its password."""
    if url.get_backend_name() == "sqlite" and url.database:
        return url.database
    return url.render_as_string(hide_password=True)


def connect(url: URL, busy_seconds: float) -> Engine:
    """Return the engine; nothing is opened yet.

    Its connections begin a transaction as the option `begin` says, where that makes a difference.

    Raises:
        StoreError: there is no driver for such a database.
    """
    backend = url.get_backend_name()
    try:
        if backend == "sqlite":
            return _sqlite(url, busy_seconds)
        arguments: dict[str, Any] = {}
        if backend == "postgresql":
            arguments["connect_timeout"] = max(2, round(busy_seconds))  # libpq knows no shorter one
            arguments["options"] = f"-c lock_timeout={busy_seconds:g}s -c timezone=UTC"
        return create_engine(url, connect_args=arguments)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreError(
            where(url),
            f"there is no driver for it ({error})",
            'Install one: pip install "psycopg[binary]" for PostgreSQL.',
        ) from None


def remedy(fault: str) -> str:
    """Given a database's own words for what is wrong, return what a user can do."""
    return next((remedy for words, remedy in _REMEDIES.items() if words in fault), "See `rhythm doctor`.")


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
    """Switch the file to WAL, once and for all its users; not now if another has it open at this moment.

    The switch does not wait as everything else does, and the next one to open the file tries again.
    """
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise


# The databases' own words for what a user can mend; anything else is named as it is.
_REMEDIES = {
    "locked": "Another program holds it; close that program, or try again.",
    "lock timeout": "Another program holds it; close that program, or try again.",
    "not a database": "Move it away; Rhythm then starts a new one.",
    "malformed": "It is damaged. Move it away; Rhythm then starts a new one.",
    "readonly": "Make the file and its folder writable.",
    "unable to open": "Make its folder writable, or name another outputs_dir in rhythm.toml.",
    "full": "Free some space on its disk.",
    "No space left": "Free some space on its disk.",
    "authentication failed": "Mend user or password in RHYTHM_DATABASE_URL.",
    "does not exist": "Create it, or mend RHYTHM_DATABASE_URL.",
    "connection refused": "Start the database, or mend RHYTHM_DATABASE_URL.",
    "Connection refused": "Start the database, or mend RHYTHM_DATABASE_URL.",
    "timeout expired": "Start the database, or mend RHYTHM_DATABASE_URL.",
}
