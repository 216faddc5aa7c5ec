"""Detects the encoding of the next line of a stream: UTF-16 only with evidence, else 8 bits.

A byte order mark alone is none: two letters of ASCII are a valid Chinese character. A UTF-16 line is one
that has an end of line in UTF-16, or, where that is out of sight, more NULs at the places where UTF-16 has
them than 8-bit ends of lines. So a stream may change between the two at any line, as that of a batch file
does which calls `wmic` and then `echo`.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

#: The encoding of 8-bit text: what is not UTF-8 in it is decoded as something else, line by line.
EIGHT_BIT = "utf-8"

_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_MARKS_BEGIN = {mark[:1] for mark in _MARKS}
# Where UTF-16 begins anew, after 8-bit lines.
_NEW_MARK = re.compile(b"\n(?=\xff\xfe|\xfe\xff)")
# Windows' tools print UTF-16 without a mark as well: ASCII text has a NUL in every other byte.
_UNMARKED = re.compile(rb"[^\0]\0[^\0]\0", re.DOTALL)


@dataclass(frozen=True, slots=True)
class LineEncoding:
    """The encoding of a line, and how many bytes of a byte order mark stand before it."""

    name: str
    mark: int = 0


_EIGHT_BIT = LineEncoding(EIGHT_BIT)


def first_line(data: bytes, *, most: int, is_all: bool) -> LineEncoding | None:
    """Return the encoding of a stream's first line, given the stream's first bytes; None if it takes more.

    It is decided by `most` bytes, or by fewer if they are all (`is_all`).
    """
    if data.startswith(codecs.BOM_UTF8):
        return LineEncoding(EIGHT_BIT, len(codecs.BOM_UTF8))
    if _UNMARKED.match(data):
        return _examined(data[:most], LineEncoding("utf-16-le"), most, is_all)
    if not is_all and (codecs.BOM_UTF8.startswith(data) or _may_be_unmarked(data)):
        return None
    return next_line(data, 0, EIGHT_BIT, most=most, is_all=is_all)


def next_line(data: bytes, start: int, before: str, *, most: int, is_all: bool) -> LineEncoding | None:
    """Return the encoding of the line that begins at `start`, after one in the encoding `before`.

    As with `first_line`, None means that it takes more bytes.
    """
    if before != EIGHT_BIT:
        return _examined(data[start : start + most], LineEncoding(before), most, is_all)
    if data[start : start + 1] not in _MARKS_BEGIN:
        return _EIGHT_BIT
    mark = data[start : start + 2]
    if len(mark) < 2 and not is_all:
        return None
    if mark not in _MARKS:
        return _EIGHT_BIT
    line = data[start + len(mark) : start + len(mark) + most]
    return _examined(line, LineEncoding(_MARKS[mark], len(mark)), most, is_all)


def find(data: bytes, what: bytes, start: int = 0) -> int:
    """Return where `what` first is, or -1; in UTF-16 only where a character begins, as one does at `start`.

    `what` is a character in that encoding.
    """
    at = data.find(what, start)
    while at >= 0 and (at - start) % len(what):
        at = data.find(what, at + 1)
    return at


def _examined(line: bytes, utf_16: LineEncoding, most: int, is_all: bool) -> LineEncoding | None:
    """Return `utf_16` if `line`, with what follows it, is in that; else 8 bits."""
    eight_bit = LineEncoding(EIGHT_BIT, utf_16.mark)
    end = find(line, "\n".encode(utf_16.name))
    new = _NEW_MARK.search(line, 0, len(line) if end < 0 else end)
    if new and b"\0" not in line[: new.start()]:
        return eight_bit
    if end >= 0:
        return utf_16
    if not is_all and len(line) < most:
        return None
    nulls = line[utf_16.name == "utf-16-le" :: 2].count(0)
    return utf_16 if nulls > line.count(b"\n") else eight_bit


def _may_be_unmarked(start: bytes) -> bool:
    """Whether more bytes may make it UTF-16 without a mark."""
    return len(start) < 4 and _UNMARKED.match(start + b"x\0x\0"[len(start) :]) is not None
