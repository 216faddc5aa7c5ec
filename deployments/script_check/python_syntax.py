"""Whether a step's own interpreter can compile its Python script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from deployments.script_check.fault import Fault
from deployments.script_check.questions import ask

_COMPILE = Path(__file__).with_name("compile_sources.py")
#: Nothing of the user's is imported meanwhile, nothing is written, and warnings are no errors.
_OPTIONS = ("-I", "-B", "-S", "-W", "ignore")


def faults(interpreter: Sequence[str], paths: Sequence[Path], env: Mapping[str, str]) -> dict[Path, Fault]:
    """Given an interpreter's words, return the syntax errors that it finds, one a script at most.

    Raises:
        ProgramError: it gave no answer.
    """
    answers = ask([*interpreter, *_OPTIONS, str(_COMPILE)], paths, env)
    return {
        path: Fault(f"syntax error: {error[1]}", "Correct it, or name its Python.", error[0], fatal=True)
        for path, error in zip(paths, answers, strict=False)
        if error
    }
