"""Lines for people, folded at words: a terminal by itself breaks them wherever its edge is."""

from __future__ import annotations

import os
import re
from typing import IO, Any

# What lines after the first one begin with, beyond what the first one does.
_HANGING = "  "
_WORD = re.compile(r"\S+\s*")


def folded(text: str, width: int | None) -> str:
    """Return a text of which no line is wider than `width` cells, unless a single word is; None: as it is.

    Such a word stays whole, as a path or command that somebody may want to copy.
    """
    if width is None or len(text) * 2 <= width:  # no character has more than two cells
        return text
    return "\n".join(_fold(line, width) for line in text.split("\n"))


def _fold(line: str, width: int) -> str:
    from rich.cells import cell_len  # 40 ms, which hardly any line needs

    if cell_len(line) <= width:
        return line
    indent = line[: len(line) - len(line.lstrip())]
    lines, room = [indent], width - len(indent)
    for word in _WORD.findall(line):
        if cell_len(word.rstrip()) > room and lines[-1].strip():
            lines.append(f"{indent}{_HANGING}")
            room = width - len(lines[-1])
        lines[-1] += word
        room -= cell_len(word)
    return "\n".join(each.rstrip() for each in lines)


def width_of(stream: IO[Any]) -> int | None:
    """Return how many cells a line of a terminal has; None for what is no terminal.

    COLUMNS, if it is set, has the last word, as it has with rich.
    """
    try:
        if not stream.isatty():
            return None
        columns = os.environ.get("COLUMNS", "")
        width = int(columns) if columns.isdecimal() else os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):  # it is closed, or a terminal only by name
        return None
    return width or None  # a terminal that nobody has given a size
