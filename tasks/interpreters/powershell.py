"""How PowerShell runs a script: with which words, in which environment, and what its streams mean."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.interpreters.powershell_errors import error_file
from tasks.interpreters.script_kind import ScriptKind, installed

#: Runs a script as -File does, and sees to its encoding, its exit code and the record of its errors.
_RUN = Path(__file__).with_name("run.ps1")
# -File and not -Command: words are handed on as they are, and an exit code is not swallowed.
_OPTIONS = ("-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File")

# Compiled by tic from `rhythm|where PowerShell prints, cols#200, clear=,`: Windows has its own console.
_TERMINAL = {"TERM": "rhythm", "TERMINFO": str(Path(__file__).with_name("terminfo"))}

# What the streams that PowerShell puts among a script's output begin with, in English and Korean.
_STREAMS = {
    "WARNING: ": logging.WARNING,
    "경고: ": logging.WARNING,
    "VERBOSE: ": logging.INFO,
    "자세한 정보: ": logging.INFO,
    "DEBUG: ": logging.DEBUG,
    "디버그: ": logging.DEBUG,
}


def argv(script: Path, args: Sequence[str], named: str | None = None) -> list[str]:
    """Return the argument list that runs a script with `args`, by the PowerShell named, or the newest.

    A character goes before each of them, and run.ps1 takes it off: they are the script's, and would else be
    read as run.ps1's own, which loses what `-Name:value` means.

    Raises:
        ScriptRefusedError: there is no PowerShell.
    """
    program = installed(script, named) if named else installed(script, "pwsh", "powershell")
    return [program, *_OPTIONS, str(_RUN), str(script), *(f".{word}" for word in args)]


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a script.

    A PSModulePath that one PowerShell has made for itself keeps another from finding its own modules.
    Without profile-guided optimization, .NET starts PowerShell with 6 % less CPU, and nothing was found that
    runs slower; run.ps1 keeps the variable from what the script starts.
    Tables are cut at the terminal's width, and Clear-Host fails without one: theirs has 200 columns.
    """
    env = {name: value for name, value in base.items() if name.upper() != "PSMODULEPATH"}
    env |= {"NO_COLOR": "1", "DOTNET_TieredPGO": "0"}
    return env if os.name == "nt" else env | _TERMINAL


def level(line: str, error: bool) -> int:
    """Return how serious a line is; `error` means that it came from standard error, where only errors go."""
    if error:
        return logging.ERROR
    return next((level for start, level in _STREAMS.items() if line.startswith(start)), logging.INFO)


POWERSHELL = ScriptKind(argv, environment, level, error_file)
