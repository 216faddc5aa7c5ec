"""Where the Prefect server is: named by the user, started by `rhythm up`, or at Prefect's own port."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from prefect.context import refresh_global_settings_context
from prefect.settings import get_current_settings

from deployments import house

HOST = "127.0.0.1"
_TIMEOUT = 5.0  # seconds for a local server to answer


@dataclass(frozen=True, slots=True)
class Address:
    """A Prefect API, and whether the user named it (as PREFECT_API_URL, or in a Prefect profile)."""

    url: str
    named: bool

    @property
    def port(self) -> int:
        """The API's port."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def ui(self) -> str:
        """The address of Prefect's UI, as its own server serves it."""
        return self.url.removesuffix("/").removesuffix("/api")

    @property
    def is_local(self) -> bool:
        """Whether a server could be started there by us."""
        return urlsplit(self.url).hostname in {HOST, "localhost", "::1"}


def local(port: int, named: bool = False) -> Address:
    """Return the address of a server on this machine."""
    return Address(f"http://{HOST}:{port}/api", named)


def named() -> Address | None:
    """Return the address that the user has named, if any."""
    url = get_current_settings().api.url
    return Address(url, named=True) if url else None


def find(outputs_dir: Path) -> Address | None:
    """Return the address of the server that answers and keeps this rhythm's history; None if none does."""
    if address := named():
        return address if answers(address) else None
    host = house.host(outputs_dir)
    up = [Address(host.url, named=False)] if host else []
    for address in (*up, local(default_port())):
        if answers(address) and _same_home(address):
            return address
    return None


def answers(address: Address) -> bool:
    """Whether a Prefect API answers there."""
    try:
        return httpx.get(f"{address.url}/health", timeout=_TIMEOUT).text.strip() == "true"
    except httpx.HTTPError:
        return False


def default_port() -> int:
    """Return Prefect's own setting for its server's port (4200)."""
    return int(get_current_settings().server.api.port)


def free_port(wanted: int) -> int:
    """Return `wanted` if nothing listens there, else a port that the system picks."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            if os.name == "posix":  # there, a port in TIME_WAIT is free; elsewhere this means another thing
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"no free port on {HOST}")


def use(address: Address) -> None:
    """Make everything in this process, and its children, talk to this API."""
    os.environ["PREFECT_API_URL"] = address.url
    refresh_global_settings_context()


def _same_home(address: Address) -> bool:
    """Whether the server keeps its data where ours would: another project's may run on this machine."""
    try:
        home = httpx.get(f"{address.url}/admin/settings", timeout=_TIMEOUT).json()["home"]
        return Path(home).samefile(get_current_settings().home)
    except (httpx.HTTPError, ValueError, KeyError, OSError):
        return False
