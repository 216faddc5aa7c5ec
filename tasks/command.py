"""From a script step to the argument list that starts it: where the script is, and what runs it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks import batch_file, powershell
from tasks.environment import IGNORES_CASE, merged
from tasks.settings import Settings
from tasks.step_settings import StepSettings
from tasks.system import reachable, resolved

# Windows' own script host runs these; what `.js` is elsewhere, nobody can tell.
_SCRIPT_HOST = (".vbs", ".vbe", ".js", ".jse", ".wsf")


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
        path = resolved(root / Path(step.run[0]).expanduser())
        allowed = [root, *(entry.resolve() for entry in settings.allow)]
        reached = reachable(path)
        there, is_file = reached.exists(), reached.is_file()
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
    return reached


def command(step: StepSettings, path: Path, settings: Settings) -> list[str]:
    """Return the argument list that runs the step's script at `path`: interpreter, script, arguments.

    Raises:
        ScriptRefusedError: the interpreter is not there, or the script cannot be started.
    """
    args = step.run[1:]
    match path.suffix.lower():
        case ".py":
            named = step.python or settings.python
            return [*(_python(path, named) if named else [sys.executable]), str(path), *args]
        case ".ps1":
            return powershell.words(_program(path, "pwsh", "powershell"), path, args)
        case ".sh":
            return [_program(path, "bash", "sh"), str(path), *args]
        case ".bat" | ".cmd":
            return _batch_file(path, args)
        case ending if ending in _SCRIPT_HOST and sys.platform == "win32":
            return [_program(path, "cscript"), "//nologo", str(path), *args]
        case _:
            if not os.access(path, os.X_OK):
                raise ScriptRefusedError(f"{path} is not executable; make it so, or give it an ending")
            return [str(path), *args]


def environment(
    step: StepSettings,
    script: Path,
    base: Mapping[str, str] = os.environ,
    *,
    ignore_case: bool = IGNORES_CASE,
) -> dict[str, str]:
    """Return the environment of the step's script, which is at `script`.

    It is this process's own, with the step's `env` on top, and without what Prefect uses to talk
    to the process of a flow run. With `ignore_case`, names that differ in nothing else are one variable.
    """
    env = {name: value for name, value in base.items() if not name.startswith("PREFECT__")}
    match script.suffix.lower():
        case ".py":
            # Lines appear when they are printed, and as UTF-8 on every machine.
            env |= {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
        case ".ps1":
            env = powershell.environment(env)
    return merged(env, step.env, ignore_case=ignore_case)


def _batch_file(path: Path, args: Sequence[str]) -> list[str]:
    """Return the words that `batch_file.line` makes a line of."""
    _program(path, "cmd.exe")
    try:
        batch_file.line([str(path), *args])
    except ValueError as error:
        raise ScriptRefusedError(f"{error}; let a .py or .ps1 script take it") from None
    return [str(path), *args]


def _python(script: Path, named: str) -> list[str]:
    """Return the words of an interpreter: a program, a virtual environment's folder, or `py -3.12`."""
    folder = Path(named)
    if folder.is_dir():
        for inside in ("Scripts/python.exe", "bin/python"):
            if (folder / inside).exists():
                return [str(folder / inside)]
        raise ScriptRefusedError(f"{folder} is a folder without a Python in it, no virtual environment")
    program, *options = named.split()
    if options and shutil.which(named) is None:
        return [_program(script, program), *options]
    return [_program(script, named)]


def _program(script: Path, *names: str) -> str:
    """Return the first of the programs that is there."""
    for name in names:
        if found := shutil.which(name):
            return found
    raise ScriptRefusedError(
        f"{script.name} needs {' or '.join(names)}, which is not installed or not in PATH"
    )
