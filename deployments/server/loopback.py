"""This machine's own addresses: what listens there is asked directly, whatever proxy is set up."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from urllib.request import getproxies

#: What people write for this machine.
NAMES = ("127.0.0.1", "localhost", "::1")
_IPV6 = 6


def is_loopback(host: str | None) -> bool:
    """Whether only this machine can have this host name or address; IPv6 without brackets."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_of_this_machine(host: str) -> bool:
    """Whether this machine has this IP address, also one by which others reach it."""
    if is_loopback(host):
        return True
    try:
        family = socket.AF_INET6 if ip_address(host).version == _IPV6 else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
            return True
    except (ValueError, OSError):  # it is a name, which may be any machine's, or another machine's address
        return False


def bypassing_proxies(
    environ: Mapping[str, str] = os.environ,
    proxies: Mapping[str, str] | None = None,
    hosts: Sequence[str] = (),
) -> dict[str, str]:
    """Return the variables by which a process reaches this machine without the proxy that is set up.

    `hosts` are further addresses of it.

    `proxies` are what the system has set up, by URL scheme; by default, they are looked up. Clients ask
    the environment for exceptions, and those that find one there no longer ask Windows' or macOS' own
    settings: what these contain is then written beside it.
    """
    found = dict(getproxies() if proxies is None else proxies)
    found.pop("no", None)
    if not found:
        return {}
    name = "no_proxy" if "no_proxy" in environ else "NO_PROXY"
    named = [host.strip() for host in environ.get(name, "").split(",") if host.strip()]
    missing = [host for host in (*NAMES, *hosts) if host not in named]
    if "*" in named or not missing:
        return {}
    is_there = _in_environment(environ)
    set_up = {} if is_there else {f"{scheme.upper()}_PROXY": url for scheme, url in found.items()}
    return {**set_up, name: ",".join([*named, *missing])}


def _in_environment(environ: Mapping[str, str]) -> bool:
    names = (name.lower() for name, value in environ.items() if value)
    return any(name.endswith("_proxy") and name != "no_proxy" for name in names)
