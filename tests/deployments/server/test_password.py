"""The password of Prefect's server: whose it is, and how it is made."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_HOME,
    PREFECT_SERVER_API_AUTH_STRING,
    temporary_settings,
)

from deployments.server import password
from tasks.problem import ConfigError
from tasks.settings.rhythm_toml import Settings
from tests.conftest import MakeSettings

GROUP = '[groups.a]\nevery = "1h"\nsteps = ["check_health"]\n'


@pytest.fixture(autouse=True)
def home(tmp_path: Path) -> Iterator[Path]:
    """A Prefect home of this test's own, and no auth string in Prefect's settings."""
    home = tmp_path / "prefect"
    with temporary_settings({PREFECT_HOME: home}, restore_defaults={PREFECT_API_AUTH_STRING}):
        yield home


@pytest.fixture
def settings(make_settings: MakeSettings) -> Settings:
    return make_settings(GROUP)


def test_one_is_made_once_and_found_by_everybody(settings: Settings, home: Path) -> None:
    assert password.of_rhythm(settings) is None

    made = password.for_server(settings)

    assert made
    assert made.startswith("rhythm:")
    assert len(made) > 40
    assert password.for_server(settings) == made
    assert password.of_rhythm(settings) == made
    assert password.path().parent == home


def test_each_home_has_another(settings: Settings, tmp_path: Path) -> None:
    first = password.for_server(settings)

    with temporary_settings({PREFECT_HOME: tmp_path / "other"}):
        assert password.for_server(settings) != first


def test_those_who_make_one_at_the_same_time_have_the_same(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(password.make, 32 * [password.path()]))

    assert made == {password.of_rhythm(settings)}


def test_an_empty_file_is_as_none(settings: Settings, home: Path) -> None:
    home.mkdir()
    password.path().write_text("\n")

    assert password.of_rhythm(settings) is None
    assert password.for_server(settings)


def test_rhythm_tomls_word_overrides_the_file(make_settings: MakeSettings, settings: Settings) -> None:
    password.for_server(settings)
    own = make_settings(f'server_password = "my own words"\n{GROUP}')

    assert password.for_server(own) == "my own words"
    assert password.of_rhythm(own) == "my own words"


def test_with_auth_off_there_is_none_and_none_is_made(make_settings: MakeSettings) -> None:
    off = make_settings(f'auth = "off"\n{GROUP}')

    assert password.is_off(off)
    assert password.for_server(off) is None
    assert not password.path().exists()


@pytest.mark.parametrize("text", ["", 'server_password = "my own words"\n', 'auth = "off"\n'])
def test_what_prefects_own_settings_say_is_honoured(make_settings: MakeSettings, text: str) -> None:
    settings = make_settings(text + GROUP)

    with temporary_settings({PREFECT_API_AUTH_STRING: "admin:pass"}):
        assert password.for_server(settings) == password.of_prefect() == "admin:pass"
    with temporary_settings({PREFECT_SERVER_API_AUTH_STRING: "admin:server"}):
        assert password.for_server(settings) == password.of_prefect() == "admin:server"
        assert not password.is_off(settings)
        with temporary_settings({PREFECT_API_AUTH_STRING: "admin:client"}):
            assert (password.for_server(settings), password.of_prefect()) == ("admin:server", "admin:client")


def test_a_file_that_cannot_be_used_is_named(settings: Settings, home: Path) -> None:
    password.path().mkdir(parents=True)

    for ask in (password.for_server, password.of_rhythm):
        with pytest.raises(ConfigError, match="the server's password cannot be kept there"):
            ask(settings)
