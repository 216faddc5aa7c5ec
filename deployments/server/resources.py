"""What the system gives a rhythm: open files, space on its disks, a proxy that answers."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

from tasks.problem import Problem

#: Open files that a rhythm needs: server and worker have 70 while nothing runs, and each script takes some.
OPEN_FILES = 256
#: As many as are asked for where more are allowed than are given; Linux gives so many, macOS 256.
_USUAL_FILES = 1024
#: Bytes without which nothing can be written, and below which that is soon so.
FULL, LOW = 16 * 2**20, 200 * 2**20
_PORTS = {"http": 80, "https": 443}
_SOCKS = 1080
_TIMEOUT = 2.0  # seconds for a proxy to take a connection


def raise_open_files() -> None:
    """Let this process, and all that it starts, open as many files as is usual, where that is allowed."""
    if sys.platform == "win32":  # where there is no such limit
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    usual = _USUAL_FILES if hard == resource.RLIM_INFINITY else min(_USUAL_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < usual:
        resource.setrlimit(resource.RLIMIT_NOFILE, (usual, hard))


def problems(folders: Iterable[Path]) -> list[Problem]:
    """Return what keeps a rhythm from running that writes to these folders."""
    return [*_open_files(), *full(folders)]


def warnings(folders: Iterable[Path]) -> list[Problem]:
    """Return what will keep it from running, or its scripts from the internet."""
    return [*low(folders), *proxies()]


def full(folders: Iterable[Path]) -> list[Problem]:
    """Return which of these folders are on a full disk."""
    return _disks(folders, 0, FULL, "nothing can be written")


def low(folders: Iterable[Path]) -> list[Problem]:
    """Return which of them are on a disk that soon will be."""
    return _disks(folders, FULL, LOW, "soon nothing can be written")


def _open_files() -> list[Problem]:
    if sys.platform == "win32":
        return []
    import resource

    _, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY or allowed >= OPEN_FILES:
        return []
    fault = f"at most {allowed} may be open at once, and Rhythm needs {OPEN_FILES}"
    remedy = "Allow more where it is started: `ulimit -n 1024`, or LimitNOFILE=1024 in a systemd unit."
    return [Problem("open files", fault, remedy)]


def _disks(folders: Iterable[Path], least: int, most: int, then: str) -> list[Problem]:
    """Return which folders' disks have at least `least` bytes left and fewer than `most`; each disk once."""
    found: dict[int, Problem] = {}
    for folder in folders:
        there = next((path for path in (folder, *folder.parents) if path.exists()), None)
        if there is None:
            continue
        try:
            device, left = there.stat().st_dev, shutil.disk_usage(there).free
        except OSError:
            continue  # whatever writes there reports it
        if least <= left < most:
            fault = f"{left // 2**20} MiB are left on its disk: {then}"
            found.setdefault(device, Problem(str(folder), fault, "Free space there."))
    return list(found.values())


def proxies() -> list[Problem]:
    """Return which of the proxies that are set up do not answer; a password in their URL is not shown."""
    found: dict[str, Problem] = {}
    for scheme, url in getproxies().items():
        if scheme == "no" or not url:
            continue
        try:
            host, port = _place(url)
            place, fault = f"{host}:{port}", ""
            if place not in found:
                fault = _fault(host, port)
        except ValueError:
            place, fault = scheme, "its address is not one"
        if fault:
            remedy = (
                "Unset or correct it: what asks other machines through it fails. This one is asked without."
            )
            name = "" if place == scheme else f" {place}"
            found[place] = Problem(_where(scheme), f"the proxy{name} does not answer ({fault})", remedy)
    return list(found.values())


def _place(url: str) -> tuple[str, int]:
    """Return a proxy's host and port.

    Raises:
        ValueError: it has none.
    """
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if not parts.hostname:
        raise ValueError(url)
    return parts.hostname, parts.port or _PORTS.get(parts.scheme, _SOCKS)


def _where(scheme: str) -> str:
    """Return where a proxy is set up: in a variable, or in the system's own settings."""
    variable = f"{scheme}_proxy"
    named = (name for name in sorted(os.environ) if name.lower() == variable)
    return next(named, f"the system's proxy for {scheme}")


def _fault(host: str, port: int) -> str:
    try:
        socket.create_connection((host, port), _TIMEOUT).close()
    except OSError as error:
        return error.strerror or str(error) or type(error).__name__
    return ""
