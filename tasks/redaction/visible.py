"""Control characters as text: what a program prints must not control the terminal of the reader."""

from __future__ import annotations

import re

# SGR, "select graphic rendition" (ECMA-48, 8.3.117): CSI, parameters, m. The final m is lacking only where
# a text was cut.
_COLOUR = re.compile(r"(?:\x1b\[|\x9b)[0-?]*m")
_CUT_COLOUR = re.compile(r"(?:\x1b(?:\[[0-?]*)?|\x9b[0-?]*)\Z")
# C0 without tab and newline, DEL, and C1.
_CONTROL = re.compile(r"\r\n|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PICTURES = 0x2400  # where Unicode's pictures of C0 begin


def visible(text: str) -> str:
    r"""Given any text, return it without colours, and with its control characters as visible text.

    C0 and DEL become Unicode's pictures of them (␛, ␇, ␡), C1 its number (`\x9b`). Tabs and ends of lines
    stay; `\r\n` becomes `\n`.
    """
    return _CONTROL.sub(_picture, without_colours(text))


def without_colours(text: str, *, cut: bool = False) -> str:
    """Return a text without its SGR sequences; `cut` means that it may end within one."""
    if "\x1b" not in text and "\x9b" not in text:
        return text
    text = _COLOUR.sub("", text)
    return _CUT_COLOUR.sub("", text) if cut else text


def _picture(found: re.Match[str]) -> str:
    character = found[0]
    if character == "\r\n":
        return "\n"
    code = ord(character)
    if code == 0x7F:
        return "␡"
    return chr(_PICTURES + code) if code < 0x20 else f"\\x{code:02x}"
