"""Runs a program that looks at scripts: to its end or its time limit, with all that it starts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tasks.process import script
from tasks.process.output import not_blank
from tasks.redaction.redactor import Redactor

#: Seconds for all the scripts of an interpreter: PowerShell parses some 400 in one.
LIMIT = 120.0


class ProgramError(Exception):
    """The program gave no answer; the message says why."""


@dataclass(frozen=True, slots=True)
class ProgramEnd:
    """How a program ended: its exit code, and what it printed, line by line."""

    exit_code: int
    lines: tuple[str, ...]


def run(argv: Sequence[str], env: Mapping[str, str], limit: float = LIMIT) -> ProgramEnd:
    """Run an argument list for `limit` seconds at most.

    Raises:
        ProgramError: it cannot be started, or takes too long.
    """
    lines: list[str] = []
    try:
        with TemporaryDirectory(prefix="rhythm-", ignore_cleanup_errors=True) as folder:
            ended = asyncio.run(
                script.run(
                    argv,
                    name="check",
                    cwd=Path(folder),
                    env=env,
                    timeout=limit,
                    outputs_dir=Path(folder),
                    on_lines=lambda printed, is_error: lines.extend(not_blank(printed)),
                    redact=Redactor(),
                )
            )
    except OSError as error:
        raise ProgramError(f"cannot be started ({error})") from error
    if ended.exit_code is None:
        raise ProgramError(f"did not end within {limit:g} s")
    return ProgramEnd(ended.exit_code, tuple(lines))
