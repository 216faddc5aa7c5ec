"""From a script step to the argument list that starts it: where the script is, and what runs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.files.long_path import reachable, resolved
from tasks.interpreters import shebang
from tasks.interpreters.powershell import POWERSHELL
from tasks.interpreters.python import PYTHON, interpreter
from tasks.interpreters.script_kind import ScriptKind, ScriptRefusedError, installed
from tasks.process import batch_file
from tasks.process.environment import IGNORES_CASE, lookup, merged
from tasks.process.own_variables import accounts
from tasks.settings.project import CONFIG_VARIABLE, config_path
from tasks.settings.rhythm_toml import Settings
from tasks.settings.steps import StepSettings

__all__ = [
    "API_VARIABLE",
    "ScriptMissingError",
    "ScriptRefusedError",
    "command",
    "environment",
    "kind_of",
    "locate",
    "working_folder",
]

#: Where a script finds the API of the Prefect server that this rhythm uses.
API_VARIABLE = "RHYTHM_API_URL"
#: What runs a program that no other program is named for, by execvp(3).
_SH = "/bin/sh"


class ScriptMissingError(Exception):
    """The script is not there: its step is skipped, and the group goes on."""


def locate(step: StepSettings, settings: Settings) -> Path:
    """Return where the step's script is, by the name that was asked for: it may be a link.

    `scripts_dir` is a wall: what lies outside is refused, by whatever way it is reached, unless it
    is (in) one of `allow`. The wall looks at what a link leads to.

    Raises:
        ScriptMissingError: there is no such file.
        ScriptRefusedError: it lies outside the wall, or is a folder.
    """
    try:
        root = settings.scripts_dir.resolve()
        asked = _absolute(settings.scripts_dir / Path(step.run[0]).expanduser())
        path = resolved(asked)
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
    return reachable(asked)


def _absolute(path: Path) -> Path:
    """Return the whole path. Its links and, on POSIX, its .. are left to the system."""
    if sys.platform == "win32":
        return Path(os.path.abspath(path))  # noqa: PTH100 - as the system does: .. before links
    return path.absolute()


def kind_of(script: Path) -> ScriptKind:
    """Return how a script is started: by its suffix, or else by itself.

    What could be in any language, and has a Python in its first line, is one of Python's.
    """
    kind = KINDS.get(_suffix(script), _PROGRAM)
    return PYTHON if kind in _OF_ANY_LANGUAGE and _is_python(script) else kind


def _suffix(script: Path) -> str:
    """Return a script's suffix in lower case; if that is no kind's, the suffix of what it links to."""
    suffix = script.suffix.lower()
    return suffix if suffix in KINDS else script.resolve().suffix.lower()


def command(step: StepSettings, path: Path, settings: Settings) -> list[str]:
    """Return the argument list that starts the step's script at `path`: interpreter, script, arguments.

    The interpreter is the one that rhythm.toml names, for the step or for all .py; else that of the script's
    first line, except on Windows and for PowerShell's; else that of its kind.

    Raises:
        ScriptRefusedError: the interpreter is not there, or the script cannot be started.
    """
    kind, args = kind_of(path), step.run[1:]
    of_python = (step.python or settings.python) if _suffix(path) == ".py" else None
    named = step.interpreter or of_python
    if sys.platform != "win32" and named is None and kind is not POWERSHELL:
        folder = working_folder(step, settings)
        search = lookup(environment(step, path), "PATH")
        if words := _by_shebang(path, search, folder):
            return [*words, str(path), *args]
    return kind.argv(path, args, named)


def working_folder(step: StepSettings, settings: Settings) -> Path:
    """Return the folder that the step's script starts in."""
    return settings.scripts_dir / (step.cwd or "")


def _by_shebang(script: Path, search: str, folder: Path) -> list[str]:
    """Return the words of the interpreter that a script's first line names; [] if it names none.

    Raises:
        ScriptRefusedError: it is not there, or the system could not use the line.
    """
    try:
        if found := shebang.parse(_start_of(script)):
            shebang.check_there(found, search, folder)
            return found.words
    except ScriptRefusedError as error:
        raise ScriptRefusedError(f"{script.name}: {error.problem}", error.remedy) from None
    return []


def _start_of(script: Path) -> bytes:
    start = shebang.start_of(script)
    return shebang.readable_by_python(start) if _suffix(script) == ".py" else start


def _is_python(script: Path) -> bool:
    try:
        found = None if sys.platform == "win32" else shebang.parse(shebang.start_of(script))
    except ScriptRefusedError:
        return False
    return found is not None and found.is_python


def environment(
    step: StepSettings,
    script: Path,
    base: Mapping[str, str] = os.environ,
    *,
    ignore_case: bool = IGNORES_CASE,
) -> dict[str, str]:
    """Return the environment of the step's script, which is at `script`.

    It is the account's own, with what leads to this rhythm, what the script's kind needs, and the step's
    `env` on top. With `ignore_case`, names that differ in nothing else are one.
    """
    env = {**kind_of(script).environment(accounts(base)), CONFIG_VARIABLE: str(config_path(base))}
    if url := lookup(base, "PREFECT_API_URL", ignore_case=ignore_case):
        env[API_VARIABLE] = url
    return merged(env, step.env, ignore_case=ignore_case)


def _shell(script: Path, args: Sequence[str], named: str | None) -> list[str]:
    words = interpreter(script, named) if named else [installed(script, "bash", "sh")]
    return [*words, str(script), *args]


def _batch_file(script: Path, args: Sequence[str], named: str | None) -> list[str]:
    """Return the words that `batch_file.line` makes a line of."""
    _refuse_another(script, named, "cmd")
    installed(script, "cmd.exe")
    try:
        batch_file.line([str(script), *args])
    except ValueError as error:
        raise ScriptRefusedError(f"{error}; let a .py or .ps1 script take it") from None
    return [str(script), *args]


def _script_host(script: Path, args: Sequence[str], named: str | None) -> list[str]:
    _refuse_another(script, named, "cscript")
    return [installed(script, "cscript"), "//nologo", str(script), *args]


def _refuse_another(script: Path, named: str | None, own: str) -> None:
    if named:
        problem = f"{script.name} is always run by {own}, and its step has interpreter = '{named}'"
        raise ScriptRefusedError(problem, "Take that out.")


def _program(script: Path, args: Sequence[str], named: str | None) -> list[str]:
    if named:
        return [*interpreter(script, named), str(script), *args]
    if not os.access(script, os.X_OK):
        raise ScriptRefusedError(f"{script} is not executable; make it so, or give it a suffix")
    if sys.platform != "win32" and os.access(script, os.R_OK) and shebang.is_text(shebang.start_of(script)):
        return [_SH, str(script), *args]  # as execvp(3) and cron do
    return [str(script), *args]


_SHELL, _PROGRAM = ScriptKind(_shell), ScriptKind(_program)
#: What the first line alone can say the language of.
_OF_ANY_LANGUAGE = (_SHELL, _PROGRAM)
#: How each kind of script is started, by its suffix.
KINDS: dict[str, ScriptKind] = {
    ".py": PYTHON,
    ".ps1": POWERSHELL,
    ".sh": _SHELL,
    **dict.fromkeys((".bat", ".cmd"), ScriptKind(_batch_file)),
}
if sys.platform == "win32":  # whose own script host runs these; what `.js` is elsewhere, nobody can tell
    KINDS |= dict.fromkeys((".vbs", ".vbe", ".js", ".jse", ".wsf"), ScriptKind(_script_host))
