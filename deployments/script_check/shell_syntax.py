"""Whether the shell that will run a script can read it: `bash -n`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from deployments.script_check.fault import Fault
from deployments.script_check.program import run

_LINE = re.compile(r"(?P<path>.*?): (?:line )?(?P<line>\d+): (?P<text>.*)")
_PREFIX = re.compile(r"syntax error:? ", re.IGNORECASE)


def fault(shell: Sequence[str], path: Path, env: Mapping[str, str]) -> Fault | None:
    """Given the words that start a shell, return the first syntax error of a script, if it has one.

    Raises:
        ProgramError: the shell gave no answer.
    """
    # In English; and without the file that bash reads before each script.
    env = {name: value for name, value in env.items() if name not in ("BASH_ENV", "ENV")} | {"LC_ALL": "C"}
    ended = run([*shell, "-n", str(path)], env)
    if not ended.exit_code or _can_be_read_later(shell, path, env):
        return None
    found = next(filter(None, map(_LINE.fullmatch, ended.lines)), None)
    line, text = (int(found["line"]), found["text"]) if found else (1, " ".join(ended.lines[:1]))
    return Fault(f"syntax error: {_PREFIX.sub('', text)}", "Correct it.", line, fatal=True)


def _can_be_read_later(shell: Sequence[str], path: Path, env: Mapping[str, str]) -> bool:
    """Whether it is right for a script that first switches bash's extended patterns on, as with `shopt`."""
    try:
        is_meant = b"extglob" in path.read_bytes()
    except OSError:
        return False
    return is_meant and run([*shell, "-O", "extglob", "-n", str(path)], env).exit_code == 0
