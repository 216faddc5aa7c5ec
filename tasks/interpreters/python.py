"""How Python runs a script: by which interpreter, in which environment."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.interpreters.script_kind import ScriptKind, ScriptRefusedError, installed


def argv(script: Path, args: Sequence[str], named: str | None) -> list[str]:
    """Return the argument list that runs a script: by our own Python, unless another one is named.

    Raises:
        ScriptRefusedError: the one that is named is not there.
    """
    return [*(_interpreter(script, named) if named else [sys.executable]), str(script), *args]


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a script: lines appear when they are printed, and as UTF-8 everywhere."""
    return {**base, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}


def _interpreter(script: Path, named: str) -> list[str]:
    """Return the words of an interpreter: a program, a virtual environment's folder, or `py -3.12`."""
    folder = Path(named)
    if folder.is_dir():
        for inside in ("Scripts/python.exe", "bin/python"):
            if (folder / inside).exists():
                return [str(folder / inside)]
        raise ScriptRefusedError(f"{folder} is a folder without a Python in it, no virtual environment")
    program, *options = named.split()
    if options and shutil.which(named) is None:
        return [installed(script, program), *options]
    return [installed(script, named)]


PYTHON = ScriptKind(argv, environment)
