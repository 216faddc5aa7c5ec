"""How Python runs a script: by which interpreter, in which environment."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.interpreters import py_launcher
from tasks.interpreters.script_kind import ScriptKind, ScriptRefusedError, installed


def argv(script: Path, args: Sequence[str], named: str | None) -> list[str]:
    """Return the argument list that runs a script: by our own Python, unless another one is named.

    On Windows, the script itself may name one; elsewhere, `shebang` reads that for all kinds of scripts.

    Raises:
        ScriptRefusedError: the one that is named is not there.
    """
    if named:
        words = interpreter(script, named)
    else:
        words = py_launcher.words(script, shutil.which("py")) if sys.platform == "win32" else []
    return [*(words or [sys.executable]), str(script), *args]


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a script: lines appear when they are printed, and hold every character.

    On Windows, Python prints to what is no console in the machine's code page, and dies of a character that
    this does not have. UTF-8 mode would also be that of the files that a script opens, and of the programs
    whose output it reads: these are in the code page, and would then be errors. What the account has set
    itself stays.
    """
    more = {"PYTHONUNBUFFERED": "1", **({"PYTHONIOENCODING": "utf-8"} if os.name == "nt" else {})}
    return more | dict(base)


def interpreter(script: Path, named: str) -> list[str]:
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
