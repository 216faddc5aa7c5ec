"""SQLite's file: whatever is wrong with it is said with what to do, and never waited for."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine, event

from tasks.settings.rhythm_toml import PROJECT
from tasks.store.measurements import Sample
from tasks.store.store import Store, StoreError
from tests.waiting import LIMIT

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "rhythm.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store(path) as store:
        yield store


def sample(seconds: int = 0) -> Sample:
    return Sample(NOON + timedelta(seconds=seconds), "cpu_percent", 1.0)


def test_the_first_run_makes_folder_and_file(path: Path, store: Store) -> None:
    assert path.is_file()


def test_a_corrupt_file_is_named_with_what_to_do(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this was never a database, " * 500)
    with pytest.raises(StoreError, match=r"not a database.*Move it away") as caught, Store(path):
        pass
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "spoil", ["DROP TABLE rhythm_version", "UPDATE rhythm_version SET version_num = '99'"]
)
def test_a_file_that_could_not_be_used_is_not_kept_open(path: Path, spoil: str) -> None:
    """Windows lets nobody move a file that is open somewhere."""
    with Store(path):
        pass
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(spoil)
    store = Store(path)
    with pytest.raises(StoreError):
        store.__enter__()
    assert str(path) not in {file.path for file in psutil.Process().open_files()}


def test_a_file_that_was_damaged_in_the_middle_is_named(path: Path) -> None:
    with Store(path) as store:
        store.add_samples(sample(n) for n in range(2000))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x7f" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"malformed.*damaged"), Store(path) as damaged:
        damaged.samples("cpu_percent", LONG_AGO)


def test_a_locked_file_is_named_with_what_to_do(path: Path, store: Store) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with (
            Store(path, busy_seconds=0.01) as waiting,
            pytest.raises(StoreError, match=r"locked.*Another program holds it"),
        ):
            waiting.add_samples([sample()])
    store.add_samples([sample()])


def test_reading_does_not_wait_for_a_writer(path: Path, store: Store) -> None:
    store.add_samples([sample()])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with Store(path, busy_seconds=0.01) as reading:
            assert reading.samples("cpu_percent", LONG_AGO) == [sample()]


def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with (
        pytest.raises(StoreError, match=r"cannot be made.*outputs_dir"),
        Store(tmp_path / "file" / "rhythm.db"),
    ):
        pass


def test_a_file_that_is_a_folder_is_named_with_what_to_do(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match="unable to open"), Store(path):
        pass


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0,
    reason="Windows' folders know no such mode, and root may write anywhere",
)
def test_a_folder_that_may_not_be_written_is_named_with_what_to_do(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match=r"unable to open.*writable"), Store(tmp_path / "rhythm.db"):
            pass
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk_is_named_and_takes_nothing_that_was_there(path: Path, store: Store) -> None:
    store.add_samples([sample()])

    def keep_small(connection: sqlite3.Connection, record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # no page more than it has

    event.listen(Engine, "connect", keep_small)
    try:
        with Store(path) as full, pytest.raises(StoreError, match=r"full.*Free some space"):
            full.add_samples(sample(n) for n in range(5_000))
    finally:
        event.remove(Engine, "connect", keep_small)
    assert store.samples("cpu_percent", LONG_AGO) == [sample()]


@pytest.mark.skipif(os.name == "nt", reason="Windows limits no file's size")
def test_a_file_that_the_system_lets_grow_no_further_is_named_and_stays_whole(path: Path) -> None:
    with Store(path) as store:
        store.add_samples([sample()])
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.tasks.store.test_sqlite import Store, StoreError, sample\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "try:\n"
        "    with Store(Path(sys.argv[1])) as store:\n"
        "        store.add_samples(sample(n) for n in range(50_000))\n"
        "except StoreError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", code, str(path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=2 * LIMIT,
        check=False,
    )
    assert "disk I/O error. Look at its disk" in done.stdout, done
    with Store(path) as store:
        assert store.samples("cpu_percent", LONG_AGO) == [sample()]
