"""Where the Prefect server is: named by the user, in rhythm.toml, or at Prefect's own port."""

from __future__ import annotations

import base64
import os
import socket
import sys
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from prefect.context import refresh_global_settings_context
from prefect.settings import get_current_settings

from tasks.loopback import NAMES, bypass_proxies, is_loopback
from tasks.server_settings import Listen
from tasks.settings import Settings

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Address:
    """A Prefect API, and whether the user named it (as PREFECT_API_URL, or in a Prefect profile)."""

    url: str
    named: bool
    password: str | None = field(default=None, repr=False)
    """What it is asked by; None if it wants none, or none is known."""

    @property
    def port(self) -> int:
        """The API's port."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def ui(self) -> str:
        """The address of Prefect's UI, as its own server serves it."""
        return self.url.removesuffix("/api")

    @property
    def is_local(self) -> bool:
        """Whether a server could be started there by us."""
        return is_loopback(self.host)

    @property
    def host(self) -> str:
        """The API's host; an IPv6 address without brackets."""
        return urlsplit(self.url).hostname or ""

    @property
    def headers(self) -> dict[str, str]:
        """The header that a request needs, if it needs one."""
        if self.password is None:
            return {}
        return {"Authorization": f"Basic {base64.b64encode(self.password.encode()).decode()}"}


def local(port: int, named: bool = False) -> Address:
    """Return the address of a server on this machine."""
    return at(Listen(HOST, port), named)


def at(listen: Listen, named: bool = False) -> Address:
    """Return the address by which this machine reaches a server that listens there."""
    reached = (
        Listen("::1" if ":" in listen.host else HOST, listen.port) if listen.is_every_address else listen
    )
    return Address(f"http://{reached}/api", named)


def named() -> Address | None:
    """Return the address that the user has named, if any."""
    url = get_current_settings().api.url
    return Address(url.rstrip("/"), named=True) if url else None


def wanted(settings: Settings) -> Address:
    """Return where a server of ours is to be: at rhythm.toml's `listen`, else at Prefect's own port."""
    return at(settings.listen or Listen(HOST, default_port()))


def default_port() -> int:
    """Return Prefect's own setting for its server's port (4200)."""
    return int(get_current_settings().server.api.port)


def bound(listen: Listen) -> socket.socket:
    """Return a socket that has the address, for a server to listen at; with port 0, one that is free.

    Raises:
        OSError: another program has it, or this machine has no such address.
    """
    made = socket.socket(socket.AF_INET6 if ":" in listen.host else socket.AF_INET)
    try:
        if sys.platform == "win32":  # where another program could take the address as well
            made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:  # where a port in TIME_WAIT is free
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((listen.host, listen.port))
    except OSError:
        made.close()
        raise
    return made


def use(address: Address) -> None:
    """Make everything in this process, and its children, talk to this API."""
    os.environ["PREFECT_API_URL"] = address.url
    if address.password is not None:
        os.environ["PREFECT_API_AUTH_STRING"] = address.password
    bypass_proxies(hosts=[address.host] if address.is_local and address.host not in NAMES else [])
    refresh_global_settings_context()
