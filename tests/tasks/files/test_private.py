"""What Rhythm makes is for its own account alone, whatever the umask."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tasks.files import private
from tasks.store.store import Store
from tests.permissions import mode, open_to_others
from tests.umask import umask
from tests.waiting import LIMIT

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows' files have access lists, not modes")
any_umask = pytest.mark.parametrize("mask", [0o000, 0o022, 0o077], ids=oct)

#: Tries to write to a SQLite file that somebody else is writing to.
WRITES = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"


@posix_only
@any_umask
def test_a_folder_is_made_with_those_above_it(mask: int, tmp_path: Path) -> None:
    with umask(mask):
        private.make_folder(tmp_path / "outputs" / "logs" / "old")

    assert open_to_others(tmp_path / "outputs") == {}


@posix_only
def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o755)

    private.make_folder(folder)

    assert mode(folder) == 0o755


def test_a_file_in_the_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(OSError):  # noqa: PT011 - each system has its own words
        private.make_folder(tmp_path / "file")
    with pytest.raises(OSError):  # noqa: PT011
        private.make_folder(tmp_path / "file" / "below")


def test_a_file_is_begun_anew_or_continued(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for how, text in (("ab", b"1\n"), ("ab", b"2\n"), ("wb", b"3\r\n"), ("ab", b"4\n")):
        with private.open_file(path, how) as file:  # type: ignore[arg-type]  # one of both
            file.write(text)

    assert path.read_bytes() == b"3\r\n4\n"


@posix_only
@any_umask
def test_a_file_is_made_private_and_keeps_its_mode_if_it_is_there(mask: int, tmp_path: Path) -> None:
    path, there = tmp_path / "log", tmp_path / "there"
    there.touch()
    there.chmod(0o644)

    with umask(mask), private.open_file(path, "ab"), private.open_file(there, "wb"):
        pass

    assert (mode(path), mode(there)) == (0o600, 0o644)


@posix_only
@any_umask
def test_a_database_is_private_with_all_that_sqlite_puts_beside_it(mask: int, tmp_path: Path) -> None:
    with umask(mask), Store(tmp_path / "outputs" / "rhythm.db"):
        assert {path.name for path in (tmp_path / "outputs").iterdir()} == {
            "rhythm.db",
            "rhythm.db-wal",
            "rhythm.db-shm",
        }
        assert open_to_others(tmp_path / "outputs") == {}


@posix_only
def test_a_database_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "rhythm.db"
    path.touch()
    path.chmod(0o640)

    with Store(path):
        assert mode(path) == 0o640


def test_to_make_a_database_that_is_there_takes_away_no_lock_on_it(tmp_path: Path) -> None:
    path = tmp_path / "rhythm.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as ours:
        ours.execute("BEGIN IMMEDIATE")

        private.make_file(path)

        done = subprocess.run(  # noqa: S603 - our own words
            [sys.executable, "-c", WRITES, str(path)], capture_output=True, check=False, timeout=2 * LIMIT
        )
    assert b"locked" in done.stderr


@posix_only
def test_the_umask_of_this_process_stays_as_it_was(tmp_path: Path) -> None:
    with umask(0o022):
        private.make_folder(tmp_path / "outputs")
        private.make_file(tmp_path / "outputs" / "file")
        with private.open_file(tmp_path / "outputs" / "log", "ab"):
            pass

        assert os.umask(0o022) == 0o022
