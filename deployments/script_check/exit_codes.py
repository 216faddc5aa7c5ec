"""Programs whose exit codes mean more than success and failure: a step that ends with one may say so."""

from __future__ import annotations

import re
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

from deployments.adopt.sources.text_encoding import decode
from deployments.script_check.fault import Fault
from tasks.settings.steps import StepSettings

_KEYS = {"ok_codes", "warn_codes", "skip_codes"}


class _Codes(NamedTuple):
    meaning: str
    keys: str


_GREP = _Codes("1 when nothing was found", "ok_codes = [0, 1]")
#: From each program's own documentation.
_PROGRAMS = {
    "robocopy": _Codes("1 to 7 when all is well", "ok_codes = [0, 1, 2, 3, 4, 5, 6, 7]"),
    "msiexec": _Codes("3010 or 1641 when the machine is to restart", "ok_codes = [0, 1641, 3010]"),
    "rsync": _Codes("24 when files vanished while it read them", "warn_codes = [24]"),
    **dict.fromkeys(("grep", "egrep", "fgrep", "zgrep"), _GREP),
    "diff": _Codes("1 when there are differences", "ok_codes = [0, 1]"),
}
_SHELLS = (".sh", ".bash", ".bat", ".cmd", ".ps1", "")
_LARGEST = 1_000_000  # bytes of a script that is looked at

# What comes after the last command and has no exit code of its own: comments, ends of blocks, and the code
# of that command handed on.
_NO_COMMAND = re.compile(
    r"(#|::|rem\b|[})\]]+$|fi$|done$|esac$|popd\b"
    r"|exit(\s+/b)?\s*(%errorlevel%|\$lastexitcode|\$\?|\"?\$\{?(rc|ret|status|code)\}?\"?)?\s*;?$)",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"\|\||&&|[|;]|(?<!>)&(?=\s)")
# What may stand before a program's name: variables, and programs that start others.
_BEFORE = re.compile(
    r"(?:@|&\s*|\w+=\S*\s+|(?:call|exec|sudo|nice|time|command|start(?:\s+\"[^\"]*\")?(?:\s+/\w+)*)\s+)*",
    re.IGNORECASE,
)
_WORD = re.compile(r"\"([^\"]+)\"|'([^']+)'|(\S+)")


def fault(step: StepSettings, script: Path) -> Fault | None:
    """Return a hint for a step whose script is, or ends with, such a program.

    None if the step itself says what codes mean, or the script cannot be read.
    """
    if step.model_fields_set & _KEYS:
        if step.meaning(0) != "failure":
            return None
        return Fault("exit code 0 counts as a failure: `ok_codes` has no 0", "If that is not meant, add 0.")
    name = _program(script.name)
    text = f"{name} ends with" if name else ""
    if not name and script.suffix.lower() in _SHELLS:
        name = _last_program(script)
        text = f"the script ends with {name}, which ends with"
    if not name:
        return None
    return Fault(
        f"{text} {_PROGRAMS[name].meaning}, and the step would fail then",
        f"If that is no failure, write {_PROGRAMS[name].keys}.",
    )


def _last_program(script: Path) -> str:
    """Return which of these programs is the last one that a script calls; empty if none of them is."""
    try:
        with script.open("rb") as file:
            text = decode(file.read(_LARGEST))
    except (OSError, ValueError):
        return ""
    lines = (line.strip() for line in reversed(text.splitlines()))
    last = next((line for line in lines if line and not _NO_COMMAND.match(line)), "")
    command = _SEPARATORS.split(last)[-1].strip()
    words = _BEFORE.sub("", command, count=1)
    word = _WORD.match(words)
    return _program(next(filter(None, word.groups()), "")) if word else ""


def _program(path: str) -> str:
    name = PureWindowsPath(path).name.lower().removesuffix(".exe")
    return name if name in _PROGRAMS else ""
