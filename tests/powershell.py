"""A real PowerShell 7, on which a .ps1 step can be held against `pwsh -File`."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tasks.interpreters import powershell
from tasks.interpreters.command import command
from tasks.process import script
from tasks.process.output import not_blank
from tasks.redaction.redactor import Redactor
from tasks.settings.project import PROJECT
from tasks.settings.rhythm_toml import Settings
from tasks.settings.steps import StepSettings
from tests.waiting import LIMIT
from tests.wine import is_wine

#: Beside the project there may be a packed one: `unpack FOLDER` prints the folder to be put on PATH.
_PACKED = PROJECT.parent / "shared" / "pwsh" / "unpack"


@pytest.fixture(scope="session")
def pwsh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of pwsh, from PATH or unpacked; skip the test if there is none, but fail it in CI.

    It has caches below HOME, so whoever runs it gives it one of its own.
    """
    if is_wine():
        pytest.skip("Wine: its powershell.exe does nothing, and says so with exit code 0")
    if found := shutil.which("pwsh"):
        return Path(found).parent
    if sys.platform == "linux" and _PACKED.exists():
        folder = tmp_path_factory.mktemp("powershell")
        unpacked = subprocess.run([_PACKED, folder], check=True, capture_output=True, text=True)  # noqa: S603
        return Path(unpacked.stdout.strip())
    missing = "NO POWERSHELL: there is no pwsh on PATH, so no .ps1 script was run"
    if sys.platform == "linux" and os.environ.get("CI", "").lower() == "true":
        pytest.fail(missing)
    pytest.skip(missing)


@dataclass(frozen=True)
class Ran:
    """How a script ended, and what it printed, by stream."""

    exit_code: int | None
    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class Shell:
    """Runs scripts of one folder, by `pwsh -File` itself and as a step does."""

    def __init__(self, folder: Path, program: Path) -> None:
        self.program = program
        self.scripts = folder / "scripts"
        self.scripts.mkdir()
        self._outputs = folder / "outputs"
        self._number = 0
        # A step sees to its width by itself, `pwsh -File` does not.
        wide = {"TERM": "rhythm", "TERMINFO": str(PROJECT / "tasks" / "interpreters" / "terminfo")}
        self.env = {"HOME": str(folder), "PATH": f"{program}{os.pathsep}{os.environ['PATH']}", **wide}

    def script(self, text: str, name: str = "") -> Path:
        """Write a script and return where it is."""
        self._number += 1
        path = self.scripts / (name or f"script{self._number}.ps1")
        path.write_text(text, encoding="utf-8")
        return path

    async def bare(self, path: Path, *words: str) -> Ran:
        """Run a script by `pwsh -File`, without colours as in a step."""
        options = ["-NoProfile", "-NonInteractive", "-File"]
        argv = [str(self.program / "pwsh"), *options, str(path), *words]
        return await self._run(argv, os.environ | {"NO_COLOR": "1"})

    async def step(self, path: Path, *words: str) -> Ran:
        """Run a script by the command of a step."""
        return await self._run(self.command(path, *words), powershell.environment(os.environ))

    def command(self, path: Path, *words: str) -> list[str]:
        """Return the argument list of a step that runs a script."""
        step = StepSettings.model_validate({"run": [path.name, *words]})
        groups = {"health_check": {"every": "10m", "steps": [step]}}
        settings = Settings.model_validate({"scripts_dir": self.scripts, "groups": groups})
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PATH", self.env["PATH"])
            return command(step, path, settings)

    async def both(self, path: Path, *words: str) -> tuple[Ran, Ran]:
        """Run a script both ways, side by side."""
        bare, step = await asyncio.gather(self.bare(path, *words), self.step(path, *words))
        return bare, step

    async def _run(self, argv: list[str], env: dict[str, str]) -> Ran:
        found: tuple[list[str], list[str]] = [], []
        ended = await script.run(
            argv,
            name="script",
            cwd=self.scripts,
            env=env | self.env,
            timeout=2 * LIMIT,
            outputs_dir=self._outputs,
            on_lines=lambda lines, error: found[error].extend(not_blank(lines)),
            redact=Redactor(),
        )
        return Ran(ended.exit_code, *found)


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory, pwsh: Path) -> Shell:
    """Return a shell with a HOME and a folder of scripts of its own."""
    return Shell(tmp_path_factory.mktemp("shell"), pwsh)
