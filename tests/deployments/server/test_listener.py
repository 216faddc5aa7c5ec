"""Whose program listens at an address."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from deployments.server.address import bound
from deployments.server.listener import is_trusted
from tasks.settings.server import Listen
from tests.end_to_end.workspace import free_port
from tests.waiting import eventually

LISTEN = """
import os, socket, sys
server = socket.create_server(("127.0.0.1", 0))
if len(sys.argv) > 1:
    os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
    server.close(); server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - of this machine's own, for a moment
def test_what_this_account_has_started_is_trusted(host: str) -> None:
    with socket.create_server((host, 0)) as server:
        assert is_trusted("127.0.0.1", server.getsockname()[1])
        if host == "127.0.0.1":
            assert not is_trusted("127.0.0.2", server.getsockname()[1])


def test_of_two_servers_that_start_at_once_one_has_the_address() -> None:
    with bound(Listen("127.0.0.1", 0)) as first, pytest.raises(OSError, match=r"Errno|WinError"):
        bound(Listen("127.0.0.1", first.getsockname()[1]))


def test_where_nothing_listens_nothing_is_trusted() -> None:
    assert not is_trusted("127.0.0.1", free_port())


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can be another account")
def test_what_another_account_has_started_is_not() -> None:
    with subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-c", LISTEN, "65534"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        port = int(eventually(process.stdout.readline, "its port"))

        assert not is_trusted("127.0.0.1", port)
        process.stdin.close()
