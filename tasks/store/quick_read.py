"""Reads SQLite's file as it lies there, at little cost.

Importing SQLAlchemy takes longer than reading a file that is in order. Whatever is not in order (old tables,
another database, a fault) is left to `tasks.store.store`, as `tasks.store.journal` does.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from tasks.machine_id import machine_id
from tasks.settings.rhythm_toml import Settings
from tasks.store.version import FILE_NAME, HEAD, TABLE

#: How long a beat, or who reads at little cost, waits for another process that writes, in seconds.
PATIENCE = 2.0


def rows(settings: Settings, question: str, *parameters: Any) -> list[tuple[Any, ...]] | None:
    """Ask the file for rows; this machine's id is the first parameter of the question.

    Return None if the store itself has to be asked. Without a file, there is nothing yet.
    """
    if settings.database_url:
        return None
    path = settings.outputs_dir / FILE_NAME
    if not path.exists():
        return []
    try:
        host = machine_id(path.parent)
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=PATIENCE)) as connection:
            (version,) = connection.execute(f"SELECT version_num FROM {TABLE}").fetchone()  # noqa: S608 - our own name
            if version != HEAD:
                return None
            return connection.execute(question, (host, *parameters)).fetchall()
    except (sqlite3.Error, OSError):
        return None  # the store finds the same fault, and says what to do
