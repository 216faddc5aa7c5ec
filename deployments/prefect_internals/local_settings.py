"""Prefect's settings while a beat runs here: as they are, but for the certificates of the world.

Each client that Prefect makes loads all of them, also to talk to http://127.0.0.1, where there is no
certificate. Instead it is given a file with one. Whatever should talk to Prefect by https after all would
be refused, and not let through unverified.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import certifi
from prefect.client.orchestration import PrefectClient, SyncPrefectClient
from prefect.settings import PREFECT_API_URL, Settings, get_current_settings

from deployments.prefect_internals.internal import ChangedError, Internal, must_take, must_use
from tasks.files import atomic_file

_END = "-----END CERTIFICATE-----\n"


def local_settings() -> AbstractContextManager[object]:
    """Return the settings to enter; for a server that is not asked by plain http, those that there are."""
    if not LOCAL_SETTINGS.is_used():
        return nullcontext()
    from prefect.context import SettingsContext, get_settings_context

    # A context of one's own: each is entered once.
    settings = _lighter(str(PREFECT_API_URL.value()))
    return SettingsContext(profile=get_settings_context().profile, settings=settings)


@cache
def _lighter(url: str) -> Settings:
    """Return the settings for the server at `url`; to make them takes as long as a client."""
    from prefect.settings import PREFECT_API_SSL_CERT_FILE

    update: dict[Any, Any] = {PREFECT_API_SSL_CERT_FILE: str(_one_certificate())}
    return get_current_settings().copy_with_update(updates=update)


def _one_certificate() -> Path:
    """Return a file with one of the certificates: none at all would be an error."""
    path = get_current_settings().home / "one-certificate.pem"
    if not path.exists():
        first, _, _ = Path(certifi.where()).read_text(encoding="utf-8").partition(_END)
        atomic_file.write_text(path, first[first.index("-----BEGIN") :] + _END)
    return path


def _check() -> None:
    from prefect.context import SettingsContext, get_settings_context

    for client in (PrefectClient, SyncPrefectClient):
        must_use(client.__init__, "PREFECT_API_SSL_CERT_FILE", "create_default_context")
    must_take(SettingsContext, "profile", "settings")
    must_take(Settings.copy_with_update, "updates")
    if not isinstance(get_settings_context(), SettingsContext):
        raise ChangedError("the settings in use are no SettingsContext")


def _unneeded() -> str:
    return (
        ""
        if str(PREFECT_API_URL.value()).startswith("http://")
        else "no Prefect server is asked by plain http"
    )


LOCAL_SETTINGS = Internal(
    name="certificates",
    purpose="A client for a server that is asked by plain http loads one certificate instead of all.",
    gain="a client is made in 0.6 ms of CPU time instead of 22 ms: three times in a beat, 64 ms",
    without="Each client that a beat makes costs 21 ms more.",
    upstream="https://github.com/PrefectHQ/prefect/pull/19106",
    check=_check,
    unneeded=_unneeded,
)
