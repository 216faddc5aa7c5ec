"""Reads what attempts at steps have printed and logged, while they run and afterwards."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, cast

from tasks.step_output.places import COMPRESSED, PLAIN, Attempt, folder
from tasks.step_output.step_output import DETAIL, ERR, OUT, Level


@dataclass(frozen=True, slots=True)
class Line:
    """A line: when it came, how serious it is (of Python's logging), and what it says."""

    at: datetime
    level: int
    text: str


def lines(outputs_dir: Path, attempt: Attempt, level: Level, offset: int = 0) -> Iterator[tuple[int, Line]]:
    """Yield the whole lines of an attempt from a place in it on, each with the place behind it.

    `level` decides how serious a line of a script is. A line that is not whole yet is not read, and details
    are left out.

    Raises:
        OSError: its file cannot be read.
    """
    with _opened(folder(outputs_dir, attempt.group, attempt.step) / attempt.stem) as file:
        file.seek(offset)
        for data in file:
            if not data.endswith(b"\n"):
                return
            offset += len(data)
            with suppress(ValueError):  # what was written when the disk was full, or by somebody else
                at, source, text = data.decode("utf-8", "replace").rstrip("\n").split(" ", 2)
                if source != DETAIL:
                    yield offset, Line(datetime.fromisoformat(at), _level(text, source, level), text)


def is_over(outputs_dir: Path, attempt: Attempt) -> bool:
    """Whether an attempt's file is complete."""
    path = folder(outputs_dir, attempt.group, attempt.step) / attempt.stem
    return path.with_name(path.name + COMPRESSED).exists()


def _opened(path: Path) -> IO[bytes]:
    """Open a file by its name without a suffix; it may be compressed at any time."""
    try:
        return cast("IO[bytes]", gzip.open(path.with_name(path.name + COMPRESSED)))
    except FileNotFoundError:
        pass
    try:
        return path.with_name(path.name + PLAIN).open("rb")
    except FileNotFoundError:
        return cast("IO[bytes]", gzip.open(path.with_name(path.name + COMPRESSED)))


def _level(text: str, source: str, level: Level) -> int:
    """Return how serious a line is.

    Raises:
        ValueError: no such source is known.
    """
    if source in (OUT, ERR):
        return level(text, source == ERR)
    known = logging.getLevelNamesMapping()
    if source not in known:
        raise ValueError(source)
    return known[source]
