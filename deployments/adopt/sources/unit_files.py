"""systemd's unit files: sections, keys, and the words of a command."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

#: A unit's settings: (section, key) to its values, in the order in which they stand.
Unit = Mapping[tuple[str, str], list[str]]

_HEAD = re.compile(r"\[(?P<section>[^\]]+)\]")
_WORD = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|((?:[^\s\"'\\]|\\.)+)|(\s+)|(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "s": " ", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def parse(texts: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    """Given a unit's text, and those that are dropped into it, return its settings.

    A key that is given again adds a value; an empty one takes those before it away.
    """
    unit: dict[tuple[str, str], list[str]] = {}
    for text in texts:
        section = ""
        for line in re.sub(r"\\\n[ \t]*", " ", text.replace("\r\n", "\n")).split("\n"):
            line = line.strip()
            if not line or line[0] in "#;":
                continue
            if head := _HEAD.fullmatch(line):
                section = head["section"]
            elif "=" in line:
                key, _, value = (part.strip() for part in line.partition("="))
                values = unit.setdefault((section, key), [])
                if value:
                    values.append(value)
                else:
                    values.clear()
    return unit


def last(unit: Unit, section: str, key: str) -> str:
    """Return the value that counts where only one can; "" without any."""
    values = unit.get((section, key)) or [""]
    return values[-1]


def is_on(unit: Unit, section: str, key: str, *, default: bool = False) -> bool:
    """Return a yes or no."""
    value = last(unit, section, key).lower()
    return default if not value else value in ("yes", "true", "1", "on")


def words(line: str) -> list[str]:
    """Return a command's words, by systemd's quoting, which is no shell's."""
    found: list[str] = []
    word: str | None = None
    for piece in _WORD.finditer(line):
        double, single, bare, space, other = piece.groups()
        if space is not None:
            if word is not None:
                found.append(word)
            word = None
            continue
        part = next(each for each in (double, single, bare, other) if each is not None)
        word = (word or "") + re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), part)
    return found if word is None else [*found, word]
