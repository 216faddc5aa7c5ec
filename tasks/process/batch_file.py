"""The one command line that cmd.exe gets: a batch file with its arguments, each as it is."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

# cmd ends a line, or an argument, at these, whatever stands around them.
_IMPOSSIBLE = re.compile(r'[\0\r\n"]')


def needs_cmd(program: str) -> bool:
    """Whether a program is a batch file, which Windows itself starts only by cmd."""
    return sys.platform == "win32" and program.lower().endswith((".bat", ".cmd"))


def line(argv: Sequence[str]) -> str:
    """Given a batch file's path and its arguments, return the command line for cmd.

    All of them are quoted, so that cmd takes none of & | < > ^ ( ) ! and blanks for itself. It fills
    in %NAME% even between quotes; there, `%` is written as one followed by an empty piece of a
    variable that is always there, which ends the name before it has begun.

    Raises:
        ValueError: an argument has a quote or a line end in it, which cmd cannot be given.
    """
    for word in argv:
        if found := _IMPOSSIBLE.search(word):
            raise ValueError(f"a batch file cannot be given {found[0]!r}, which is in {word!r}")
    return " ".join('"' + word.replace("%", "%%cd:~,%") + '"' for word in argv)
