"""The `rhythm` command as a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import LIMIT

PROJECT = Path(__file__).resolve().parents[2]

VALID = """
timezone = "UTC"

[groups.health_check]
every = "10m"
steps = ["check_health --fast"]
"""


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on stdout."""
        return json.loads(self.out)


class CommandLine:
    """Runs `rhythm` with a rhythm.toml in `folder`, and without variables that are left over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "rhythm.toml"

    def write(self, text: str | bytes) -> None:
        self.config.write_bytes(text.encode() if isinstance(text, str) else text)

    def python(self, *words: str, **env: str) -> Said:
        """Run our Python."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.upper().startswith(("RHYTHM_", "PREFECT_"))
        }
        ours = {"PYTHONUTF8": "1", "PYTHONPATH": str(PROJECT), "PREFECT_HOME": str(self.folder / "prefect")}
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, *words],
            cwd=self.folder,
            env={**inherited, **ours, **env},
            capture_output=True,
            encoding="utf-8",
            timeout=2 * LIMIT,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def __call__(self, *words: str, **env: str) -> Said:
        """Run `rhythm` with these words."""
        return self.python("-m", "deployments.cli.main", *words, **env)


@pytest.fixture
def rhythm(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)
