"""Prefect's settings while a beat runs here."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.context import refresh_global_settings_context
from prefect.settings import PREFECT_API_URL, get_current_settings

from deployments.worker.local_settings import local_settings


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


def test_by_https_they_stay_as_they_are(home: pytest.MonkeyPatch) -> None:
    home.setenv("PREFECT_API_URL", "https://prefect.example.com/api")
    refresh_global_settings_context()
    before = get_current_settings().api.ssl_cert_file

    with local_settings():
        assert get_current_settings().api.ssl_cert_file == before


def test_two_beats_at_once_have_each_their_own() -> None:
    with local_settings(), local_settings():
        assert get_current_settings().api.ssl_cert_file
