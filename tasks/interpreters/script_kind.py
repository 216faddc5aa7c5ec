"""What Rhythm knows of a kind of script: how it is started, and what its output means."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tasks.redaction.redactor import Redactor


class ScriptRefusedError(Exception):
    """The script or its interpreter cannot be used: its step fails.

    `remedy` is what to do about it, a sentence; empty if the problem itself says so.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(f"{problem}. {remedy}" if remedy else problem)
        self.problem, self.remedy = problem, remedy


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """One error: where it was raised ("weekly.ps1:12", or the script alone), what it says, and all of it."""

    place: str
    message: str
    detail: str


@dataclass(frozen=True, slots=True)
class Errors:
    """What went wrong in a script, where its interpreter records that: newest first, and what ended it.

    The cause is "error" if the newest ended the script, "program" if the script has no `exit` of its own, and
    so what it called set the code; else empty.
    """

    records: tuple[ErrorRecord, ...] = ()
    cause: str = ""

    def explain(self, code: str, reason: str) -> str:
        """Return why a script ended so: its exit code (in words), and the newest record, else `reason`."""
        if self.cause == "program":
            code += (
                " (of the last program or script it called, or of an `exit` in a module; "
                "end it with `exit 0` if a program's is fine)"
            )
        if self.records:
            reason = f"{self.records[0].place} {self.records[0].message}"
            code += "" if self.cause == "error" else ": last error"
        return f"{code}: {reason}" if reason else code


class ErrorSource(Protocol):
    """Where a script's errors arrive while it runs."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What must be in the script's environment for that."""
        ...

    def read(self, redact: Redactor) -> Errors:
        """Return the errors, without secrets, once the script has ended."""
        ...


@dataclass(frozen=True, slots=True)
class _NoErrors:
    """Nothing but the output and the exit code shows what went wrong."""

    environment: Mapping[str, str] = field(default_factory=dict)

    def read(self, redact: Redactor) -> Errors:
        return Errors()


@contextmanager
def _unrecorded(script: Path) -> Iterator[ErrorSource]:
    yield _NoErrors()


def _by_stream(line: str, error: bool) -> int:
    """Programs print all kinds of things to standard error."""
    return logging.WARNING if error else logging.INFO


@dataclass(frozen=True, slots=True)
class ScriptKind:
    """How scripts of one kind are started, and what their output means.

    `argv`, given a script, its arguments and the interpreter that rhythm.toml names (None: no one), returns
    the argument list, and raises ScriptRefusedError if the interpreter is not there. `environment` makes of
    this process's environment the script's. `level`, given a line and whether it came from standard error,
    returns how serious it is. `errors` opens where the script's errors arrive, for as long as it runs.
    """

    argv: Callable[[Path, Sequence[str], str | None], list[str]]
    environment: Callable[[Mapping[str, str]], dict[str, str]] = dict
    level: Callable[[str, bool], int] = _by_stream
    errors: Callable[[Path], AbstractContextManager[ErrorSource]] = _unrecorded


def installed(script: Path, *programs: str) -> str:
    """Return the path of the first of the programs that is there.

    Raises:
        ScriptRefusedError: none is; the message names the script that needs it.
    """
    for program in programs:
        if found := shutil.which(program):
            return found
    raise ScriptRefusedError(
        f"{script.name} needs {' or '.join(programs)}, which is not installed or not in PATH"
    )
