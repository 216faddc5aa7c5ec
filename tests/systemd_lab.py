"""A Linux with a systemd of its own, beside the machine that runs the tests, with this project in it.

It is made by a program of the project's surroundings (`../shared/systemdlab/lab`), from this machine's own
files, and what is written there is gone with it. As root only.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import sysconfig
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import LIMIT, eventually

ROOT = Path(__file__).resolve().parents[1]
_LAB = ROOT.parent / "shared" / "systemdlab" / "lab"
#: Where the project and its Python are in the lab: all may read them.
PROJECT, VENV = "/opt/rhythm", "/opt/venv"
_FOLDERS = ("flows", "tasks", "deployments", "rhythm_entry.py", "rhythm.toml", "prefect.yaml", "prefect.toml")
_LEFT_OUT = ("__editable__*", "*.pth", "mypy*", "ruff*", "_pytest", "hypothesis")


class Lab:
    """A running lab. Accounts there are made when they are first named."""

    def __init__(self, name: str) -> None:
        self.name = name

    def boot(self) -> None:
        """Start it; its disk is made, or is as it was when the power was cut."""
        assert self._lab("boot") == 0

    def cut_power(self) -> None:
        """End every process of it at once."""
        assert self._lab("cut") == 0

    def remove(self) -> None:
        """End it, and leave nothing; what is killed may need a while to let go of the disk."""
        eventually(lambda: self._lab("remove") == 0, "the lab's processes to be gone")

    def run(self, command: str, *, given: bytes = b"") -> subprocess.CompletedProcess[str]:
        """Run a command by root's shell."""
        done = subprocess.run(  # noqa: S603 - a test's own command
            [str(_LAB), "run", self.name, command],
            input=given,
            capture_output=True,
            timeout=LIMIT,
            check=False,
        )
        out, err = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
        return subprocess.CompletedProcess(command, done.returncode, out, err)

    def do(self, command: str, *, given: bytes = b"") -> str:
        """Run a command that has to succeed, and return what it prints."""
        done = self.run(command, given=given)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def write(self, path: str, text: str, *, owner: str = "root", mode: str = "644") -> None:
        """Write a file, and the folders above it."""
        name = shlex.quote(path)
        self.do(f"install -D -o {owner} -g {owner} -m {mode} /dev/stdin {name}", given=text.encode())

    def account(self, user: str) -> None:
        """Make an account that is logged in: with a systemd of its own, which ends when it is logged out."""
        self.do(f"useradd -m -s /bin/bash {user} && systemctl start user@$(id -u {user})")

    def as_user(self, user: str, command: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command by the shell of an account that is logged in."""
        own = {
            "HOME": f"/home/{user}",
            "USER": user,
            "PATH": f"{VENV}/bin:/usr/local/bin:/usr/bin:/bin",
            **env,
        }
        variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in own.items())
        return self.run(
            f"cd {own['HOME']}; bus=/run/user/$(id -u {user}); exec runuser -u {user} -- env "
            f'XDG_RUNTIME_DIR="$bus" DBUS_SESSION_BUS_ADDRESS="unix:path=$bus/bus" {variables} '
            f"bash -c {shlex.quote(command)}"
        )

    def _lab(self, action: str) -> int:
        words = [str(_LAB), action, self.name]
        # Its output is not ours to keep open: what it boots would hold it.
        return subprocess.run(  # noqa: S603 - the lab's own program
            words, check=False, timeout=LIMIT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        ).returncode


def _missing() -> str:
    """Return why there can be no lab here; empty if there can."""
    if sys.platform != "linux":
        return "systemd is Linux' own"
    if not _LAB.exists():
        return f"there is no {_LAB}, which boots a systemd"
    return "" if os.geteuid() == 0 else "only root can boot a systemd"


@contextmanager
def running_lab() -> Iterator[Lab]:
    """Boot one with the project in it, and remove it in the end."""
    if why := _missing():
        assert sys.platform != "linux" or "CI" not in os.environ, why
        pytest.skip(why)
    lab = Lab(f"rhythm-{uuid.uuid4().hex[:8]}")
    try:
        lab.boot()
        _install(lab)
        yield lab
    finally:
        lab.remove()


def _install(lab: Lab) -> None:
    """Put this Python, what is installed for it, and this checkout where every account can read them."""
    base = Path(sys.base_prefix)
    assert not base.is_relative_to("/tmp"), f"the lab has a /tmp of its own, and so not {base}"  # noqa: S108
    for above in base.parents:
        lab.do(f"chmod a+rx {shlex.quote(str(above))}")
    lab.do(f"{base}/bin/python3 -m venv --without-pip {VENV}")
    packages = lab.do(f"{VENV}/bin/python -c 'import sysconfig; print(sysconfig.get_path(\"purelib\"))'")
    lab.do(f"mkdir -p {PROJECT} && echo {PROJECT} > {packages}/rhythm.pth")
    for folder in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        _copy(lab, Path(folder), ["."], packages)
    _copy(lab, ROOT, list(_FOLDERS), PROJECT)
    lab.do(f"{VENV}/bin/python -m compileall -q {PROJECT}")  # which no account but root could keep


def _copy(lab: Lab, folder: Path, names: list[str], to: str) -> None:
    left_out = [f"--exclude={pattern}" for pattern in _LEFT_OUT]
    packed = subprocess.run(  # noqa: S603 - tar
        ["tar", "-c", "-C", str(folder), *left_out, "--owner=0", "--group=0", "--mode=a+rX", *names],  # noqa: S607
        capture_output=True,
        check=True,
        timeout=LIMIT,
    )
    lab.do(f"tar -x --no-same-permissions -C {to}", given=packed.stdout)
