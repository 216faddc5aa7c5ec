"""From a step's words to PowerShell's arguments, by the rules of `pwsh -File`.

They are those of ParseFile in PowerShell's CommandLineParameterParser.cs, which run.ps1 follows too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: What PowerShell takes for the dash before a parameter's name.
DASHES = "-\u2013\u2014\u2015"
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Argument:
    """A name without its dash, a value, or both: `-Name`, `value`, `-Name:value`."""

    name: str | None = None
    value: str | bool | None = None
    text: str = ""
    """The name as it is written, which is the value of a parameter before it that has none else."""


def read(words: Sequence[str]) -> list[Argument]:
    """Return the arguments that a script is given."""
    arguments = []
    waiting: str | None = None
    for word in words:
        name, colon, value = word.partition(":")
        if waiting is not None:
            arguments.append(Argument(waiting[1:], word, waiting))
            waiting = None
        elif len(word) < 2 or word[0] not in DASHES:
            arguments.append(Argument(value=word))
        elif colon and not value:
            waiting = word.rstrip(":")
        elif colon:
            arguments.append(Argument(name[1:], _boolean(value), name))
        else:
            arguments.append(Argument(word[1:], None, word))
    return arguments


def _boolean(value: str) -> str | bool:
    """Return what .NET's bool.TryParse reads behind a `$` that may be left out; else the text itself."""
    return _BOOLEANS.get(value.removeprefix("$").strip().lower(), value)
