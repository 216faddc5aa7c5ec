"""Prefect's settings while a beat runs here."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.context import refresh_global_settings_context
from prefect.settings import PREFECT_API_URL, get_current_settings

from deployments.prefect_internals import local_settings as module
from deployments.prefect_internals.local_settings import local_settings
from tests.deployments.prefect_internals.conftest import changed


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A Prefect home of the test's own, and what it may change for itself."""
    with monkeypatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(tmp_path))
        patch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
        refresh_global_settings_context()
        yield patch
    refresh_global_settings_context()


def test_by_plain_http_one_certificate_is_enough() -> None:
    with local_settings():
        file = get_current_settings().api.ssl_cert_file
        assert PREFECT_API_URL.value() == "http://127.0.0.1:1/api"

    assert file
    assert len(ssl.create_default_context(cafile=file).get_ca_certs()) == 1
    assert get_current_settings().api.ssl_cert_file != file


@pytest.mark.parametrize("make_client", [get_client, partial(get_client, sync_client=True)])
def test_a_client_loads_no_more_than_that_and_by_itself_all(
    monkeypatch: pytest.MonkeyPatch, make_client: Callable[[], object]
) -> None:
    loaded: list[int] = []

    def count(*args: Any, **kwargs: Any) -> ssl.SSLContext:
        made = create(*args, **kwargs)
        loaded.append(len(made.get_ca_certs()))
        return made

    create = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", count)
    with local_settings():
        make_client()
    make_client()

    ours, by_itself = loaded
    assert ours == 1
    assert by_itself > 50


def test_where_prefect_has_changed_they_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCAL_SETTINGS", changed(module.LOCAL_SETTINGS))
    before = get_current_settings().api.ssl_cert_file

    with local_settings():
        assert get_current_settings().api.ssl_cert_file == before


def test_by_https_they_stay_as_they_are(home: pytest.MonkeyPatch) -> None:
    home.setenv("PREFECT_API_URL", "https://prefect.example.com/api")
    refresh_global_settings_context()
    before = get_current_settings().api.ssl_cert_file

    with local_settings():
        assert get_current_settings().api.ssl_cert_file == before


def test_two_beats_at_once_have_each_their_own() -> None:
    with local_settings(), local_settings():
        assert get_current_settings().api.ssl_cert_file
