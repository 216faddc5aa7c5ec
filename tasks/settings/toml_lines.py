"""In which line of a TOML file a key stands: tomllib, which reads the file, does not keep that.

What is found is compared with what tomllib has read. Where the two differ in anything, no line is named: a
wrong one would be worse than none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

#: The keys, and the numbers of list entries from 0 on, that lead to a value.
Keys = tuple[str | int, ...]

_SPACE = re.compile(r"[ \t]*")
_BETWEEN = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
# The quotes that close a string of several lines are the last three of up to five.
_STRING = re.compile(
    r'"""(?:[^\\]|\\[\s\S])*?"""(?!")|'
    r"'''[\s\S]*?'''(?!')|"
    r""""(?:[^"\\\n]|\\.)*"|'[^'\n]*'"""
)
_OTHER = re.compile(r"[^,\]}#\r\n]+")


def line_of(written: bytes, keys: Sequence[str]) -> int | None:
    """Return the line of a file in which a value stands, or else the innermost table or list that is there.

    `keys` lead to it; the numbers of list entries are decimal. None if there is nothing of it in what is
    `written` there, or that is not valid TOML.
    """
    found = _lines(written)
    place: Keys = ()
    for key in keys:
        number = (*place, int(key)) if key.isdecimal() else None
        further = next((each for each in ((*place, key), number) if each in found), None)
        if further is None:
            break
        place = further
    return found.get(place)


@lru_cache(maxsize=2)
def _lines(written: bytes) -> Mapping[Keys, int]:
    try:
        text = written.decode("utf-8-sig")
        return lines(text)
    except (ValueError, RecursionError):
        return {}


def lines(text: str) -> dict[Keys, int]:
    """Return the line, from 1 on, of every table, key and list entry of a TOML document.

    It is empty if not exactly those were found that tomllib has read.

    Raises:
        ValueError: it is not valid TOML.
        RecursionError: its brackets are too deep within each other.
    """
    values = tomllib.loads(text)
    found = _Reader(text.replace("\r\n", "\n")).document()
    return found if found.keys() == set(_all_keys(values)) else {}


def _all_keys(value: Any, place: Keys = ()) -> Iterator[Keys]:
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, entry in entries:
        yield (*place, key)
        yield from _all_keys(entry, (*place, key))


class _Reader:
    """Reads a document that is known to be valid, and so has to look at little of it."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._counted, self._line = 0, 1  # up to where lines have been counted, and how many there were
        self._found: dict[Keys, int] = {}
        self._lengths: dict[Keys, int] = {}
        """How many tables each list of tables has so far."""

    def document(self) -> dict[Keys, int]:
        """Return the lines of all of it."""
        table: Keys = ()
        while self._skip(_BETWEEN) < len(self._text):
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)
        return self._found

    def _header(self) -> Keys:
        """Read `[a.b]` or `[[a.b]]`; return the place of that table."""
        is_entry, line = self._text.startswith("[[", self._at), self._line_here()
        self._at += 2 if is_entry else 1
        *outer, last = self._key()
        self._at += 2 if is_entry else 1
        place: Keys = ()
        for key in outer:
            place = (*place, key)
            self._found.setdefault(place, line)
            if place in self._lengths:
                place = (*place, self._lengths[place] - 1)
        place = (*place, last)
        if is_entry:
            self._found.setdefault(place, line)
            number = self._lengths.get(place, 0)
            self._lengths[place] = number + 1
            place = (*place, number)
        self._found[place] = line
        return place

    def _pair(self, table: Keys) -> None:
        line, place = self._line_here(), table
        for key in self._key():
            place = (*place, key)
            self._found.setdefault(place, line)
        self._at += 1  # the equals sign
        self._value(place)

    def _key(self) -> list[str]:
        """Read a key, with dots or without; return its parts."""
        parts = []
        while True:
            self._skip(_SPACE)
            part = self._take(_KEY)
            parts.append(tomllib.loads(f"it = {part}")["it"] if part[:1] in "\"'" else part)
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _value(self, place: Keys) -> None:
        self._skip(_SPACE)
        match self._text[self._at]:
            case "[":
                self._list(place)
            case "{":
                self._inline_table(place)
            case '"' | "'":
                self._take(_STRING)
            case _:
                self._take(_OTHER)

    def _list(self, place: Keys) -> None:
        self._at += 1
        number = 0
        while self._text[self._skip(_BETWEEN)] != "]":
            self._found[*place, number] = self._line_here()
            self._value((*place, number))
            number += 1
            if self._text[self._skip(_BETWEEN)] == ",":
                self._at += 1
        self._at += 1

    def _inline_table(self, place: Keys) -> None:
        self._at += 1
        while self._text[self._skip(_BETWEEN)] != "}":
            self._pair(place)
            if self._text[self._skip(_BETWEEN)] == ",":
                self._at += 1
        self._at += 1

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise ValueError(f"not read from {self._at} on")  # which valid TOML does not cause
        self._at = found.end()
        return found[0]

    def _skip(self, pattern: re.Pattern[str]) -> int:
        """Go on behind what the pattern finds here, if anything; return where that is."""
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at

    def _line_here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line
