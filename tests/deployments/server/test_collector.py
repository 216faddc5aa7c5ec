"""The garbage collector beside a server on SQLite."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployments.server import collector
from deployments.server.collector import Collector
from tests.waiting import soon


@pytest.fixture
def running() -> Iterator[None]:
    it = Collector()
    it.start()
    yield
    it.stop()


def connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)


def failed_statement(database: sqlite3.Connection) -> dict[str, Any]:
    """A cursor whose statement has failed, in a cycle, as an error and its traceback make one."""
    cursor = database.cursor()
    with pytest.raises(sqlite3.IntegrityError):
        cursor.execute("INSERT INTO t VALUES (1)")
    cycle: dict[str, Any] = {"cursor": cursor}
    cycle["itself"] = cycle
    return cycle


async def test_freeing_a_failed_statement_never_waits_in_the_event_loop(
    tmp_path: Path, running: None
) -> None:
    writing, waiting = connected(tmp_path / "some.db"), connected(tmp_path / "some.db")
    writing.execute("CREATE TABLE t (x UNIQUE)")
    writing.execute("INSERT INTO t VALUES (1)")
    left = failed_statement(waiting)
    writing.execute("BEGIN IMMEDIATE")
    begins = threading.Event()
    waiting.set_trace_callback(lambda _: begins.set())
    waits = asyncio.create_task(asyncio.to_thread(waiting.execute, "INSERT INTO t VALUES (2)"))
    await soon(begins.is_set, "the statement to wait for the write lock")

    del left
    garbage = [[n] for n in range(100_000)]  # enough for Python to collect by itself, if it would
    writing.execute("COMMIT")

    await waits
    assert len(garbage) == 100_000
    assert waiting.execute("SELECT count(*) FROM t").fetchone() == (2,)


async def test_what_is_left_behind_is_freed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running: None
) -> None:
    monkeypatch.setattr(collector, "_MANY", 0)
    database = connected(tmp_path / "some.db")
    database.execute("CREATE TABLE t (x UNIQUE)")
    database.execute("INSERT INTO t VALUES (1)")
    failed_statement(database)

    await soon(lambda: not any(isinstance(one, sqlite3.Cursor) for one in gc.get_objects()), "its end")


def test_python_collects_by_itself_again_afterwards() -> None:
    it = Collector()
    it.start()
    assert not gc.isenabled()
    it.stop()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
