"""Texts of one or of many tasks: a single <Task>, <Tasks> around many, or whole documents in a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# What matters between tasks; comments and CDATA may hold anything.
_MARK = re.compile(r"<!--|<!\[CDATA\[|<!DOCTYPE|<!ENTITY|<(?P<end>/?)(?:[\w.-]+:)?Task(?=[\s>/])")
_ENDS = {"<!--": "-->", "<![CDATA[": "]]>"}


class DoctypeError(ValueError):
    """The text has a document type: it could hold entities, which a task never needs."""

    def __init__(self, line: int) -> None:
        super().__init__("has a document type, which no task has")
        self.line = line


@dataclass(frozen=True, slots=True)
class Piece:
    """One task's text, the line that it begins in, and the name that a comment before it gives.

    schtasks writes `<!-- \\Folder\\Name -->` before each task. `closed` means that the task's end was found.
    """

    text: str
    line: int
    name: str | None
    closed: bool


def split(text: str) -> Iterator[Piece]:
    """Yield the tasks of a text, one by one, in linear time. A broken one costs only itself.

    Raises:
        DoctypeError: there is a document type.
    """
    at, start = 0, -1
    name: str | None = None
    line, counted = 1, 0
    while found := _MARK.search(text, at):
        mark, at = found[0], found.end()
        if mark in _ENDS:
            end = text.find(_ENDS[mark], at)
            if mark == "<!--" and start < 0:
                name = text[at : end if end >= 0 else at].strip() or name
            if end < 0:
                break
            at = end + len(_ENDS[mark])
        elif mark.startswith("<!"):
            raise DoctypeError(text.count("\n", 0, found.start()) + 1)
        elif found["end"]:
            close = text.find(">", at)
            if start >= 0:
                whole = text[start : close + 1 if close >= 0 else len(text)]
                yield Piece(whole, line, name, closed=close >= 0)
            start, name = -1, None
        else:
            if start >= 0:  # the one before was never closed
                yield Piece(text[start : found.start()], line, name, closed=False)
                name = None
            start = found.start()
            line += text.count("\n", counted, start)
            counted = start
    if start >= 0:
        yield Piece(text[start:], line, name, closed=False)
