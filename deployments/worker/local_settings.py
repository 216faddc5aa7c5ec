"""Prefect's settings while a beat runs here: as they are, but for the certificates of the world.

Each client that Prefect makes loads all of them, also to talk to http://127.0.0.1, where there is no
certificate: 21 ms, and three clients for a beat. With one certificate, a client takes 1 ms.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import certifi
from prefect.context import SettingsContext, get_settings_context
from prefect.settings import PREFECT_API_SSL_CERT_FILE, PREFECT_API_URL, Settings, get_current_settings

from tasks import atomic_file

_END = "-----END CERTIFICATE-----\n"


def local_settings() -> SettingsContext:
    """Return the settings to enter; for a server that is not asked by plain http, those that there are."""
    url, here = str(PREFECT_API_URL.value()), get_settings_context()
    settings = _lighter(url) if url.startswith("http://") else here.settings
    return SettingsContext(profile=here.profile, settings=settings)  # of one's own: each is entered once


@cache
def _lighter(url: str) -> Settings:
    """Return the settings for the server at `url`; to make them takes as long as a client."""
    update: dict[Any, Any] = {PREFECT_API_SSL_CERT_FILE: str(_one_certificate())}
    return get_current_settings().copy_with_update(updates=update)


def _one_certificate() -> Path:
    """Return a file with one of the certificates: none at all would be an error."""
    path = get_current_settings().home / "one-certificate.pem"
    if not path.exists():
        first, _, _ = Path(certifi.where()).read_text(encoding="utf-8").partition(_END)
        atomic_file.write_text(path, first[first.index("-----BEGIN") :] + _END)
    return path
