"""A real PostgreSQL: what is wrong with it is said with what to do, and without its password."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import URL

from tasks.store import journal
from tasks.store.measurements import GroupEvent, Sample
from tasks.store.schema import LOCK
from tasks.store.store import Store, StoreError, store_of
from tests.conftest import MakeSettings
from tests.postgresql import PASSWORD, PostgreSQL, connect

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
TOML = '[groups.a]\nevery = "10m"\nsteps = ["check_health"]\n'


@pytest.fixture
def refused() -> Iterator[int]:
    """A port that nobody answers at."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and never listens
        yield silent.getsockname()[1]


@contextmanager
def reported(url: URL, words: str) -> Iterator[None]:
    """Expect a StoreError that says so, and contains no secret."""
    with pytest.raises(StoreError, match=words) as caught:
        yield
    assert f"@127.0.0.1:{url.port}/{url.database}" in str(caught.value)
    assert str(url.password) not in str(caught.value)


def test_a_server_that_is_down_is_named_with_what_to_do(postgresql: PostgreSQL, refused: int) -> None:
    url = postgresql.url("rhythm").set(port=refused)
    with reported(url, r"(?s)refused.*Start the database"), Store(url):
        pass


def test_a_server_that_says_nothing_is_not_waited_for_any_longer(postgresql: PostgreSQL) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = postgresql.url("rhythm").set(port=silent.getsockname()[1])
        with reported(url, r"timeout.*Start the database"), Store(url, busy_seconds=0.1):
            pass


def test_a_wrong_password_is_reported_and_not_shown(postgresql_url: URL) -> None:
    url = postgresql_url.set(password="battery staple")  # noqa: S106 - wrong
    with reported(url, r"password authentication failed.*Correct user or password"), Store(url):
        pass


def test_a_missing_database_is_named_with_what_to_do(postgresql: PostgreSQL) -> None:
    url = postgresql.url("nobody_made_it")
    with reported(url, r"does not exist.*Create it"), Store(url):
        pass


def test_a_locked_table_is_named_with_what_to_do(postgresql_url: URL) -> None:
    with Store(postgresql_url, busy_seconds=0.01) as store, closing(connect(postgresql_url)) as other:
        with other.transaction():
            other.execute("LOCK TABLE samples IN ACCESS EXCLUSIVE MODE")
            with reported(postgresql_url, r"lock timeout.*Another program holds it"):
                store.add_samples([Sample(NOON, "cpu_percent", 1.0)])
            with reported(postgresql_url, r"lock timeout.*Another program holds it"):
                store.samples("cpu_percent", LONG_AGO)
        store.add_samples([Sample(NOON, "cpu_percent", 1.0)])


def test_a_migration_by_another_process_is_waited_for_only_so_long(postgresql_url: URL) -> None:
    with closing(connect(postgresql_url)) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        with reported(postgresql_url, r"lock timeout"), Store(postgresql_url, busy_seconds=0.01):
            pass
    with Store(postgresql_url) as store:
        assert store.sample_names() == []


def test_a_url_in_the_environment_takes_the_file_s_place(
    postgresql_url: URL, make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = postgresql_url.set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setenv("RHYTHM_DATABASE_URL", text)
    settings = make_settings(TOML)
    event = GroupEvent(NOON, "a", "busy", "running since 11:55")
    with store_of(settings) as store:
        store.add_samples([Sample(NOON, "cpu_percent", 1.0)])
    journal.write(settings, [event], [])
    with store_of(settings) as store:
        assert store.sample_names() == ["cpu_percent"]
        assert store.decisions(LONG_AGO) == [event]
    assert not list(tmp_path.rglob("*.db"))
    assert PASSWORD not in repr(settings)


def test_what_a_user_s_url_asks_of_the_connection_is_kept(postgresql_url: URL) -> None:
    with closing(connect(postgresql_url)) as connection:
        connection.execute("CREATE SCHEMA mine")
    url = postgresql_url.update_query_dict({"options": "-c search_path=mine"})
    with Store(url) as store:
        store.add_samples([Sample(NOON, "cpu_percent", 1.0)])
    with closing(connect(postgresql_url)) as connection:
        assert connection.execute("SELECT name FROM mine.samples").fetchall() == [("cpu_percent",)]
