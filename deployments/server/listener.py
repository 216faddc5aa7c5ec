"""Whose program listens at an address of this machine: ours, or that of another account."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

import psutil


def is_trusted(host: str, port: int) -> bool:
    """Whether what listens there is a process of this account's, or of the administrator's (root's).

    Where that cannot be seen, it is not. On Windows and macOS only this account's own can be.
    """
    return any(_is_trusted(process) for process in _listeners(host, port))


def _listeners(host: str, port: int) -> Iterator[int]:
    """Yield the processes that listen at an address, as far as this account can see them."""
    for pid, status, where in _connections():
        is_there = status == psutil.CONN_LISTEN and where and where.port == port
        if pid and is_there and (where.ip == host or ip_address(where.ip).is_unspecified):
            yield pid


def _connections() -> Iterator[tuple[int | None, str, Any]]:
    try:
        for each in psutil.net_connections("tcp"):
            yield each.pid, each.status, each.laddr
    except psutil.AccessDenied:  # macOS shows all of them to root alone
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                for own in process.net_connections("tcp"):
                    yield process.pid, own.status, own.laddr


def _is_trusted(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        if sys.platform == "win32":
            return process.username() == psutil.Process().username()
        return process.uids().real in (0, os.getuid())
    except psutil.Error:
        return False
