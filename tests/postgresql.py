"""A real PostgreSQL for the tests: started on a free port of this machine, and gone in the end."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL

from tests.waiting import LIMIT, eventually
from tests.wine import is_wine

PASSWORD = "correct horse"  # noqa: S105 - of a server that lives as long as the tests
_DEBIAN = Path("/usr/lib/postgresql")  # …/15/bin
_STRANGER = "postgres"  # whom Debian's package brings along: PostgreSQL refuses to be run by root


@dataclass(frozen=True)
class PostgreSQL:
    """A running server."""

    port: int

    def url(self, database: str) -> URL:
        """Return the address of a database, there or not."""
        return URL.create("postgresql+psycopg", "rhythm", PASSWORD, "127.0.0.1", self.port, database)

    def make_database(self) -> URL:
        """Make an empty database; return its address."""
        name = f"test_{secrets.token_hex(8)}"
        with connect(self.url("postgres")) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def drop_database(self, url: URL) -> None:
        """Drop a database, whoever still uses it."""
        with connect(self.url("postgres")) as connection:
            connection.execute(f"DROP DATABASE {url.database} WITH (FORCE)".encode())


def connect(url: URL) -> psycopg.Connection[Any]:
    """Return a connection past our own code, in which every statement is a transaction."""
    return psycopg.connect(
        host=url.host,
        port=url.port,
        user=url.username,
        password=PASSWORD,
        dbname=url.database,
        autocommit=True,
    )


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A server of the session's own."""
    if is_wine():
        pytest.skip("Wine: there is no PostgreSQL for Windows here")
    if not (programs := _programs()):
        missing = "there is NO PostgreSQL: nothing is tested with it"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    folder = Path(tempfile.mkdtemp(prefix="rhythm-postgresql-"))  # pytest's own are for root's eyes only
    try:
        with _running(programs, folder) as server:
            yield server
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> Iterator[URL]:
    """An empty database."""
    url = postgresql.make_database()
    yield url
    postgresql.drop_database(url)


@contextmanager
def _running(programs: Path, folder: Path) -> Iterator[PostgreSQL]:
    data, password = folder / "data", folder / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    stranger = _as_stranger(folder, password)
    subprocess.run(  # noqa: S603 - PostgreSQL's own program
        [
            *(programs / "initdb", "-D", data, "--username=rhythm", f"--pwfile={password}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"),
        ],
        **stranger,
        check=True,
        capture_output=True,
        timeout=2 * LIMIT,
    )
    server = PostgreSQL(_free_port())
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": server.port,
        "unix_socket_directories": "",
        "fsync": "off",
    }
    options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
            [programs / "postgres", "-D", data, *options], **stranger, stdout=log, stderr=log
        )
    try:
        eventually(lambda: _answers(server, process, folder / "log"), "PostgreSQL")
        yield server
    finally:
        process.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGINT)  # at once
        process.wait(LIMIT)


def _answers(server: PostgreSQL, process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
    try:
        connect(server.url("postgres")).close()
    except psycopg.OperationalError:
        return False
    return True


def _programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest if there are several."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = [found.parent for found in _DEBIAN.glob("*/bin/initdb")]
    return max(folders, key=lambda folder: float(folder.parent.name), default=None)


def _as_stranger(*paths: Path) -> Mapping[str, Any]:
    """Return Popen's arguments for a user that PostgreSQL takes, to whom the paths now belong."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return {"cwd": paths[0]}
    for path in paths:
        shutil.chown(path, _STRANGER, _STRANGER)
    return {"cwd": paths[0], "user": _STRANGER, "group": _STRANGER, "extra_groups": ()}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
