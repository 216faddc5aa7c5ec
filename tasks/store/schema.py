"""Brings the database's tables to the version that this Rhythm knows."""

from __future__ import annotations

import logging
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from tasks.store.version import HEAD, TABLE

#: PostgreSQL's locks are numbers; this one spells "rhyth".
LOCK = 0x7268797468


class NewerSchemaError(Exception):
    """The database was written by a newer Rhythm; the message says which version it is."""


def is_current(connection: Connection) -> bool:
    """Return whether nothing is to be done.

    Raises:
        NewerSchemaError: this Rhythm is too old for it.
    """
    version = _version(connection)
    if version > int(HEAD):
        raise NewerSchemaError(version)
    return version == int(HEAD)


def migrate(connection: Connection) -> None:
    """Make or change the tables, in the connection's transaction: all of it happens, or nothing.

    Whoever comes at the same time waits, and then finds nothing to do.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it logs which plugins it has
    from alembic import command, config  # takes a fifth of a second, once in a database's life

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    if is_current(connection):
        return
    alembic = config.Config(attributes={"connection": connection})
    alembic.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    if not _version(connection) and inspect(connection).has_table("samples"):
        command.stamp(alembic, "1")  # the first version did not yet record that it is one
    command.upgrade(alembic, HEAD)


def _version(connection: Connection) -> int:
    """Return the version of the tables; 0 if there are none."""
    if not inspect(connection).has_table(TABLE):
        return 0
    return int(connection.execute(text(f"SELECT version_num FROM {TABLE}")).scalar() or 0)  # noqa: S608 - our own name
