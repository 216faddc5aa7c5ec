r"""The spellings of a text: how programs write it when they escape, quote or encode it.

text        pa"ss/ö
escaped     pa\"ss\/\u00f6, pa\x22ss/\xc3\xb6    JSON, repr of str and bytes, shells' backslashes
URL         pa%22ss%2F%c3%b6                     any set of safe characters, hex in either case
markup      pa&quot;ss/&#xF6;                    HTML, XML
quoted      pa""ss/ö, 'it'"'"'s'                 shells' quotes, Windows' command lines, CSV
path        pa"ss\ö, pa"ss\\ö                   of Windows, and its repr
base64      cGEic3Mvw7Y                          of UTF-8 and UTF-16, within whatever was encoded
"""

from __future__ import annotations

import base64
import html.entities
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

Span = tuple[int, int]

#: A shorter text is looked for only as it is: its spellings stand in many an innocent one.
SHORTEST = 8  # characters

_PLAIN = re.compile(r"[A-Za-z0-9]+")  # what every way of writing but base64 leaves as it is


@dataclass(frozen=True, slots=True)
class Spellings:
    """All spellings of one text."""

    plain: str
    """A part that all patterns have in common: where it is not, none of them matches. Quick to look for."""
    patterns: tuple[re.Pattern[str], ...]
    encoded: tuple[str, ...]
    longest: int
    """Length of the longest spelling, in characters."""

    def spans(self, text: str) -> Iterator[Span]:
        """Yield where in a text they stand, overlapping ones included."""
        if self.plain in text:
            for pattern in self.patterns:
                at = 0
                while found := pattern.search(text, at):
                    yield found.span()
                    at = found.start() + 1
        for encoded in self.encoded:
            at = text.find(encoded)
            while at >= 0:
                yield at, at + len(encoded)
                at = text.find(encoded, at + 1)


def spellings(text: str) -> Spellings:
    """Given a text that is not empty, return its spellings."""
    if len(text) < SHORTEST:
        return Spellings(text, (re.compile(re.escape(text)),), (), len(text))
    ways = [[way(character) for character in text] for way in _WAYS]
    patterns = {"".join(map(_either, forms)) for forms in ways}
    encoded = tuple(dict.fromkeys(_base64(text)))
    return Spellings(
        max(_PLAIN.findall(text), key=len, default=""),
        tuple(re.compile(pattern) for pattern in sorted(patterns)),
        encoded,
        max(*(sum(max(map(len, each)) for each in forms) for forms in ways), *map(len, encoded)),
    )


def _either(forms: list[str]) -> str:
    """Return a pattern of the forms that one way of writing has for a character.

    A way has a sign's own form only if it begins no other one: so a text matches in one way or in none,
    and nothing is tried again and again.
    """
    if len(forms) == 1:
        return re.escape(forms[0])
    return f"(?:{'|'.join(re.escape(form) for form in dict.fromkeys(forms))})"


def _itself(character: str) -> list[str]:
    return [character]


def _escaped(character: str) -> list[str]:
    """With backslashes: JSON (ASCII or not), repr of str and of bytes, shells, Markdown."""
    if _PLAIN.fullmatch(character):
        return [character]
    utf_16 = character.encode("utf-16-be", "surrogatepass")
    units = [utf_16[at : at + 2].hex() for at in range(0, len(utf_16), 2)]
    octets = [f"{octet:02x}" for octet in _utf_8(character)]
    code = ord(character)
    forms = [
        *_in_hex("\\u", units),
        *_in_hex("\\x", octets),
        *_in_hex("\\x", [f"{code:02x}"] if code < 0x100 else []),
        *_in_hex("\\U", [f"{code:08x}"] if code >= 0x10000 else []),
        json.dumps(character, ensure_ascii=False)[1:-1],
    ]
    if character == "\\":
        return forms
    escaped = [f"\\{character}"] if character.isascii() and character.isprintable() else []
    return [*forms, *escaped, character]


def _percent(character: str) -> list[str]:
    """As in URLs, by `quote`, `quote_plus` and their like, whatever they hold for safe."""
    if _PLAIN.fullmatch(character):
        return [character]
    forms = _in_hex("%", [f"{octet:02x}" for octet in _utf_8(character)])
    if character == "%":
        return forms
    return [*forms, character, *("+" if character == " " else "")]


def _markup(character: str) -> list[str]:
    """As in HTML and XML, by names and numbers."""
    if _PLAIN.fullmatch(character):
        return [character]
    code = ord(character)
    names = [html.entities.codepoint2name.get(code), "apos" if character == "'" else None]
    numbers = [f"#{code}", f"#{code:03}", *(f"#x{number}" for number in (f"{code:x}", f"{code:X}"))]
    forms = [f"&{form};" for form in (*filter(None, names), *numbers)]
    return forms if character == "&" else [*forms, character]


def _in_single_quotes(character: str) -> list[str]:
    """As a POSIX shell or PowerShell takes it within single quotes, and SQL."""
    return ["'\"'\"'", "'\\''", "''"] if character == "'" else [character]


def _in_double_quotes(character: str) -> list[str]:
    """As a command line of Windows has it within double quotes, and CSV."""
    return ['\\"', '""'] if character == '"' else [character]


def _path(character: str) -> list[str]:
    """As Windows has it in a path."""
    return ["\\"] if character == "/" else [character]


def _escaped_path(character: str) -> list[str]:
    """As errors of Windows' Python show such a path."""
    return ["\\\\"] if character in "/\\" else [character]


_WAYS: tuple[Callable[[str], list[str]], ...] = (
    _itself,
    _escaped,
    _percent,
    _markup,
    _in_single_quotes,
    _in_double_quotes,
    _path,
    _escaped_path,
)


def _base64(text: str) -> Iterator[str]:
    """Yield what base64 makes of a text, wherever it begins within three bytes.

    What the neighbours have a part in is left out: up to a byte of the text, at each end.
    """
    for data in (_utf_8(text), text.encode("utf-16-le", "surrogatepass")):
        for before in range(3):
            bits = 8 * (before + len(data))
            made = base64.b64encode(bytes(before) + data).decode()
            known = made[-(-8 * before // 6) : bits // 6]
            yield known
            yield known.translate(_URL_SAFE)


_URL_SAFE = str.maketrans("+/", "-_")


def _utf_8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _in_hex(before: str, numbers: Iterable[str]) -> list[str]:
    """Return numbers in hex, each with something before it, in either case."""
    lower = "".join(f"{before}{number}" for number in numbers)
    upper = "".join(f"{before}{number.upper()}" for number in numbers)
    return [lower, upper] if lower else []
