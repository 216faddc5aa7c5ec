"""Where the Prefect server is: named by the user, in rhythm.toml, or at Prefect's own port."""

from __future__ import annotations

import base64
import os
import socket
import sys
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from prefect.context import get_settings_context, refresh_global_settings_context
from prefect.settings import PREFECT_API_URL, get_current_settings

from deployments.server.loopback import NAMES, bypassing_proxies, is_loopback, is_of_this_machine
from tasks.process.own_variables import set_own
from tasks.settings.rhythm_toml import Settings
from tasks.settings.server import Listen

HOST = "127.0.0.1"

#: Where an address that the user did not name is from.
RUNNING, ANOTHERS = "the running rhythm", "another rhythm of the same Prefect home"
LISTEN, DEFAULT = "rhythm.toml's listen", "Prefect's own port"


@dataclass(frozen=True, slots=True)
class Address:
    """A Prefect API, and where its address is from."""

    url: str
    source: str = ""
    """As messages name it: a variable, a Prefect profile, or one of the above."""
    password: str | None = field(default=None, repr=False)
    """What it is asked by; None if it wants none, or none is known."""

    def __str__(self) -> str:
        """The address as messages name it."""
        return f"{self.url} ({self.source})" if self.source else self.url

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


def at(listen: Listen, source: str) -> Address:
    """Return the address by which this machine reaches a server that listens there."""
    reached = (
        Listen("::1" if ":" in listen.host else HOST, listen.port) if listen.is_every_address else listen
    )
    return Address(f"http://{reached}/api", source)


def named() -> Address | None:
    """Return the address that the user has named, if any: PREFECT_API_URL, as Prefect's settings have it."""
    url = get_current_settings().api.url
    return Address(url.rstrip("/"), _source()) if url else None


def _source() -> str:
    """Return where PREFECT_API_URL is set; Prefect looks there in this order."""
    if os.environ.get("PREFECT_API_URL"):
        return "PREFECT_API_URL"
    profile = get_settings_context().profile
    if PREFECT_API_URL in profile.settings:
        return f"Prefect's profile {profile.name!r}"
    return "PREFECT_API_URL of a file"  # .env, prefect.toml or pyproject.toml in the current folder


def wanted(settings: Settings) -> Address:
    """Return where a server of ours is to be: at rhythm.toml's `listen`, else at Prefect's own port."""
    if settings.listen:
        return at(settings.listen, LISTEN)
    return at(Listen(HOST, default_port()), DEFAULT)


def default_port() -> int:
    """Return Prefect's own setting for its server's port (4200)."""
    return int(get_current_settings().server.api.port)


def bound(listen: Listen) -> socket.socket:
    """Return a socket that listens at the address, for a server to accept at; with port 0, a free one.

    It listens at once: two programs may bind one address, and only then is it known who has it. Who connects
    waits for the server.

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
        made.listen()
    except OSError:
        made.close()
        raise
    return made


def use(address: Address) -> None:
    """Make everything in this process, and all of Rhythm's that it starts, talk to this API."""
    own = {"PREFECT_API_URL": address.url}
    if address.password is not None:
        own["PREFECT_API_AUTH_STRING"] = address.password
    is_to_be_named = is_of_this_machine(address.host) and address.host not in NAMES
    set_own(own | bypassing_proxies(hosts=[address.host] if is_to_be_named else []))
    refresh_global_settings_context()
