"""Prefect's own home and database are for this account alone, before its server uses them."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from prefect.settings import PREFECT_HOME, PREFECT_SERVER_DATABASE_CONNECTION_URL, temporary_settings

from deployments.server import prefect_home
from tasks.problem import ConfigError
from tests.permissions import mode, open_to_others
from tests.umask import umask

if sys.platform == "win32":
    pytest.skip("Windows has access lists: tests/windows/test_access_list.py", allow_module_level=True)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A Prefect home that is not there yet; the umask lets everybody do everything."""
    home = tmp_path / "prefect"
    with umask(0o000), temporary_settings({PREFECT_HOME: home}):
        yield home


def test_what_the_server_makes_is_private_from_the_start(home: Path) -> None:
    assert prefect_home.make_private() == ""

    with closing(sqlite3.connect(home / "prefect.db")) as server:
        server.execute("PRAGMA journal_mode = WAL")
        server.execute("CREATE TABLE flow_run (id)")
        assert {path.name for path in home.iterdir()} == {"prefect.db", "prefect.db-wal", "prefect.db-shm"}
        assert open_to_others(home) == {}


def test_what_was_left_open_is_repaired_and_said(home: Path) -> None:
    (home / "storage").mkdir(parents=True)
    with closing(sqlite3.connect(home / "prefect.db")) as server:
        server.execute("PRAGMA journal_mode = WAL")
        server.execute("CREATE TABLE flow_run (id)")

        said = prefect_home.make_private()

    assert said == (
        f"made 3 files and 1 folder below {home} private: other accounts of this machine could read them"
    )
    assert mode(home) == 0o700
    assert mode(home / "prefect.db") == 0o600
    assert prefect_home.make_private() == ""


def test_in_a_home_for_all_only_what_is_made_is_private(home: Path) -> None:
    home.mkdir()
    home.chmod(0o1777)
    (home / "profiles.toml").touch()

    assert prefect_home.make_private() == ""

    assert mode(home) == 0o1777
    assert mode(home / "profiles.toml") == 0o666
    assert mode(home / "prefect.db") == 0o600


def test_a_database_elsewhere_is_made_private_and_left_as_it_is_if_it_is_there(
    home: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there.db"
    there.touch()
    for path in (tmp_path / "new.db", there):
        with temporary_settings({PREFECT_SERVER_DATABASE_CONNECTION_URL: f"sqlite+aiosqlite:///{path}"}):
            prefect_home.make_private()

    assert mode(tmp_path / "new.db") == 0o600
    assert mode(there) == 0o666


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://user:secret@127.0.0.1/prefect",
        "sqlite+aiosqlite:///file::memory:?cache=shared&uri=true&check_same_thread=false",
        "sqlite+aiosqlite:///:memory:",
    ],
)
def test_a_database_that_is_no_file_makes_none(url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with temporary_settings({PREFECT_SERVER_DATABASE_CONNECTION_URL: url}):
        prefect_home.make_private()

    assert list(home.iterdir()) == []


def test_a_home_that_cannot_be_made_is_named(home: Path) -> None:
    home.write_text("a file")

    with pytest.raises(ConfigError, match=r"prefect.*: cannot be made .*PREFECT_HOME"):
        prefect_home.make_private()
