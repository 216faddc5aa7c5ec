"""From a script step to the argument list that starts it: where the script is, and what runs it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from tasks.settings import Settings
from tasks.step_settings import StepSettings

_POWERSHELL = ("-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File")


class ScriptMissingError(Exception):
    """The script is not there: its step is skipped, and the group goes on."""


class ScriptRefusedError(Exception):
    """The script or its interpreter cannot be used: its step fails."""


def locate(step: StepSettings, settings: Settings) -> Path:
    """Return where the step's script is, with all links followed.

    `scripts_dir` is a wall: what lies outside is refused, by whatever way it is reached, unless it
    is (in) one of `allow`.

    Raises:
        ScriptMissingError: there is no such file.
        ScriptRefusedError: it lies outside the wall, or is a folder.
    """
    try:
        root = settings.scripts_dir.resolve()
        path = (root / Path(step.run[0]).expanduser()).resolve()
        allowed = [root, *(entry.resolve() for entry in settings.allow)]
        there, is_file = path.exists(), path.is_file()
    except (OSError, RuntimeError) as error:  # links in a circle, a name too long, ~ of nobody
        raise ScriptRefusedError(f"{step.run[0]} leads nowhere ({str(error).rstrip('.')})") from None
    if not any(path.is_relative_to(entry) for entry in allowed):
        raise ScriptRefusedError(
            f"{step.run[0]} leads out of {root}; move it there, or list {path} in `allow`"
        )
    if not there:
        raise ScriptMissingError(f"there is no {path}")
    if not is_file:
        raise ScriptRefusedError(f"{path} is a folder, not a script")
    return path


def command(step: StepSettings, settings: Settings) -> list[str]:
    """Return the argument list that runs the step's script: interpreter, script, arguments.

    Raises:
        ScriptMissingError, ScriptRefusedError: as `locate`, or the interpreter is not there.
    """
    path = locate(step, settings)
    return [*_interpreter(path, step, settings), str(path), *step.run[1:]]


def environment(step: StepSettings, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of the step's script.

    It is this process's own, with the step's `env` on top, and without what Prefect uses to talk
    to the process of a flow run.
    """
    env = {name: value for name, value in base.items() if not name.startswith("PREFECT__")}
    if step.run[0].lower().endswith(".py"):
        # Lines appear when they are printed, and as UTF-8 on every machine.
        env |= {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
    return env | step.env


def _interpreter(path: Path, step: StepSettings, settings: Settings) -> list[str]:
    """Return what must stand before the script for the system to start it."""
    match path.suffix.lower():
        case ".py":
            named = step.python or settings.python
            return [_program(path, named)] if named else [sys.executable]
        case ".ps1":
            return [_program(path, "pwsh", "powershell"), *_POWERSHELL]
        case ".sh":
            return [_program(path, "bash", "sh")]
        case ".bat" | ".cmd":
            return [_program(path, "cmd.exe"), "/d", "/c"]
        case _:
            if not os.access(path, os.X_OK):
                raise ScriptRefusedError(f"{path} is not executable; make it so, or give it an ending")
            return []


def _program(script: Path, *names: str) -> str:
    """Return the first of the programs that is there."""
    for name in names:
        if found := shutil.which(name):
            return found
    raise ScriptRefusedError(
        f"{script.name} needs {' or '.join(names)}, which is not installed or not in PATH"
    )
