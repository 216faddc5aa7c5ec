"""What the system gives a rhythm: open files, space on disks, a proxy that answers."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from deployments.server import resources
from deployments.server.resources import FULL, LOW
from tests.deployments.command_line import VALID, CommandLine
from tests.end_to_end.workspace import free_port
from tests.waiting import LIMIT

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="where there is no such limit")


class _Usage(NamedTuple):
    free: int


@pytest.mark.parametrize(
    ("free", "full", "low"),
    [
        (0, ["0 MiB are left on its disk: nothing can be written"], []),
        (FULL - 1, ["15 MiB are left on its disk: nothing can be written"], []),
        (FULL, [], ["16 MiB are left on its disk: soon nothing can be written"]),
        (LOW - 1, [], ["199 MiB are left on its disk: soon nothing can be written"]),
        (LOW, [], []),
    ],
)
def test_a_disk_is_reported_before_it_is_full_and_once_however_many_folders_are_on_it(
    free: int, full: list[str], low: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: _Usage(free))
    folders = [tmp_path / "not" / "there" / "yet", tmp_path]

    assert [problem.problem for problem in resources.full(folders)] == full
    assert [problem.problem for problem in resources.low(folders)] == low
    assert {problem.where for problem in (*resources.full(folders), *resources.low(folders))} <= {
        str(folders[0])
    }


@posix_only
def test_too_few_open_files_are_reported_before_anything_fails_of_them(rhythm: CommandLine) -> None:
    rhythm.write(VALID)

    limited = ["-c", 'ulimit -n 64; exec "$@"', "sh", sys.executable, "-m", "deployments.cli.main"]
    for command in ("check", "up"):
        said = subprocess.run(  # noqa: S603 - our own program
            ["/bin/sh", *limited, command],
            cwd=rhythm.folder,
            env={"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=2 * LIMIT,
            check=False,
        )

        assert said.returncode == 2, said.stderr
        assert "open files: at most 64 may be open at once, and Rhythm needs 256. " in said.stderr
        assert "ulimit -n 1024" in said.stderr


@posix_only
def test_more_open_files_are_taken_where_they_are_allowed() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (100, 600))\n"
        "from deployments.server import resources; resources.raise_open_files()\n"
        "print(*resource.getrlimit(resource.RLIMIT_NOFILE), resources.problems([]))"
    )

    said = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout == "600 600 []\n"


def test_a_proxy_that_is_silent_is_reported_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", 0)) as there:
        found = {
            "http": f"http://me:hunter2@127.0.0.1:{port}",
            "https": f"127.0.0.1:{port}",
            "all": f"http://127.0.0.1:{there.getsockname()[1]}",
            "no": "localhost",
        }
        monkeypatch.setattr(resources, "getproxies", lambda: found)
        monkeypatch.setenv("HTTP_PROXY", found["http"])

        (problem,) = resources.proxies()

    assert problem.where.upper() == "HTTP_PROXY"
    assert problem.problem.startswith(f"the proxy 127.0.0.1:{port} does not answer")
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize("url", ["http://", "http://x:notaport", "http://[::1"])
def test_a_proxy_that_is_no_address_is_reported_as_well(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "getproxies", lambda: {"http": url, "https": ""})

    (problem,) = resources.proxies()

    assert problem.problem == "the proxy does not answer (its address is not one)"
