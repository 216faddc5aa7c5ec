"""From a script step to the argument list that starts it: where the script is, and what runs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.files.long_path import reachable, resolved
from tasks.interpreters.powershell import POWERSHELL
from tasks.interpreters.python import PYTHON
from tasks.interpreters.script_kind import ScriptKind, ScriptRefusedError, installed
from tasks.process import batch_file
from tasks.process.environment import IGNORES_CASE, merged
from tasks.settings import prefect_defaults
from tasks.settings.rhythm_toml import Settings
from tasks.settings.steps import StepSettings

__all__ = ["ScriptMissingError", "ScriptRefusedError", "command", "environment", "kind_of", "locate"]


class ScriptMissingError(Exception):
    """The script is not there: its step is skipped, and the group goes on."""


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


def kind_of(script: Path) -> ScriptKind:
    """Return how a script is started: by its suffix, or else by itself."""
    return KINDS.get(script.suffix.lower(), _PROGRAM)


def command(step: StepSettings, path: Path, settings: Settings) -> list[str]:
    """Return the argument list that starts the step's script at `path`: interpreter, script, arguments.

    Raises:
        ScriptRefusedError: the interpreter is not there, or the script cannot be started.
    """
    return kind_of(path).argv(path, step.run[1:], step.python or settings.python)


def environment(
    step: StepSettings,
    script: Path,
    base: Mapping[str, str] = os.environ,
    *,
    ignore_case: bool = IGNORES_CASE,
) -> dict[str, str]:
    """Return the environment of the step's script, which is at `script`.

    It is this process's own, with what its kind needs and the step's `env` on top, and without what Prefect
    uses to talk to the process of a flow run, and the settings that are for Rhythm's Prefect only. With
    `ignore_case`, names that differ in nothing else are one.
    """
    env = {name: value for name, value in base.items() if not _is_for_prefect(name, value)}
    return merged(kind_of(script).environment(env), step.env, ignore_case=ignore_case)


def _is_for_prefect(name: str, value: str) -> bool:
    return name.startswith("PREFECT__") or prefect_defaults.is_shipped(name, value)


def _shell(script: Path, args: Sequence[str], named: str | None) -> list[str]:
    return [installed(script, "bash", "sh"), str(script), *args]


def _batch_file(script: Path, args: Sequence[str], named: str | None) -> list[str]:
    """Return the words that `batch_file.line` makes a line of."""
    installed(script, "cmd.exe")
    try:
        batch_file.line([str(script), *args])
    except ValueError as error:
        raise ScriptRefusedError(f"{error}; let a .py or .ps1 script take it") from None
    return [str(script), *args]


def _script_host(script: Path, args: Sequence[str], named: str | None) -> list[str]:
    return [installed(script, "cscript"), "//nologo", str(script), *args]


def _program(script: Path, args: Sequence[str], named: str | None) -> list[str]:
    if not os.access(script, os.X_OK):
        raise ScriptRefusedError(f"{script} is not executable; make it so, or give it an ending")
    return [str(script), *args]


#: How each kind of script is started, by its suffix.
KINDS: dict[str, ScriptKind] = {
    ".py": PYTHON,
    ".ps1": POWERSHELL,
    ".sh": ScriptKind(_shell),
    **dict.fromkeys((".bat", ".cmd"), ScriptKind(_batch_file)),
}
if sys.platform == "win32":  # whose own script host runs these; what `.js` is elsewhere, nobody can tell
    KINDS |= dict.fromkeys((".vbs", ".vbe", ".js", ".jse", ".wsf"), ScriptKind(_script_host))
_PROGRAM = ScriptKind(_program)
