"""What is wrong with a script, or with what a step gives it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault and its remedy. `line` is the script's, from 1; 0 if it is none of its lines.

    With `fatal`, the step can only fail.
    """

    text: str
    remedy: str
    line: int = 0
    fatal: bool = False
