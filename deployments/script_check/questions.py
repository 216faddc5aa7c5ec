"""Asks a program about many scripts at once: their paths go into a file, its answers come out of one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deployments.script_check.program import ProgramError, run


def ask(argv: Sequence[str], paths: Sequence[Path], env: Mapping[str, str]) -> list[Any]:
    """Run `argv` with the names of the two files behind it, and return its answers, a line of JSON each.

    Raises:
        ProgramError: it gave none.
    """
    with TemporaryDirectory(prefix="rhythm-", ignore_cleanup_errors=True) as folder:
        question, answer = Path(folder, "question.json"), Path(folder, "answer.jsonl")
        # ASCII, which is the same in all encodings that a program may expect.
        question.write_text(json.dumps([str(path) for path in paths]), encoding="ascii")
        ended = run([*argv, str(question), str(answer)], env)
        if ended.exit_code:
            raise ProgramError(f"failed with exit code {ended.exit_code}: {' '.join(ended.lines[-3:])}")
        try:
            return [json.loads(line) for line in answer.read_text(encoding="utf-8-sig").splitlines()]
        except (OSError, ValueError) as error:
            raise ProgramError(f"gave no answer ({error})") from error
