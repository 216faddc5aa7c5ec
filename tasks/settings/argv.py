"""A command as people write it: one string, or a list of words. No shell ever sees it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

#: The JSON schema of a command, for editors: pydantic knows the list alone.
ARGV_SCHEMA = {
    "title": "command",
    "anyOf": [
        {"type": "string", "minLength": 1},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
    ],
}

# A word with its quotes and backslashes, as a POSIX shell delimits it.
_WORD = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+""", re.DOTALL)
_IN_SINGLE_QUOTES = re.compile(r"('[^']*')")
# D:\, .\ and ..\ where a path may begin, or a backslash before what no shell has it escape.
_WINDOWS = re.compile(r"""(?:^|[="':,;])(?:[A-Za-z]:|\.\.?)\\|\\\w""")
_UNC = re.compile(r"""(?:^|["'=,;]|\w\w:)\\\\[\w.]""")
_BEFORE_BLANK_OR_QUOTE = re.compile(r"""\\[\s"']""")
_REMEDY = "Put the path into single quotes within the string, use / in it, or write a list of words."


def split_argv(value: Any) -> Any:
    """Given a string, return its words as a POSIX shell would split it; a list is taken as it is.

    Other than in a shell, the backslashes of a path of Windows' stay: there they would vanish silently.

    Raises:
        PydanticCustomError: a quote is not closed, or a backslash could be meant either way; its context
            holds the remedy.
    """
    if not isinstance(value, str):
        return value
    try:
        if "\\" not in value or _WORD.sub("", value).strip():  # of which shlex reports what is wrong
            return tuple(shlex.split(value))
        return tuple(shlex.split(" ".join(map(_literal, raw_words(value)))))
    except ValueError as error:
        remedy = _REMEDY if "\\" in value else "Close the quotes, or write a list of words."
        raise PydanticCustomError(
            "run",
            "cannot be split into words ({reason})",
            {"reason": f"{error}"[:1].lower() + f"{error}"[1:], "remedy": remedy},
        ) from None


def raw_words(text: str) -> Sequence[str]:
    """Return the words of a command as they are written, with their quotes."""
    return _WORD.findall(text)


def _literal(word: str) -> str:
    """Return a word that a shell reads as a path of Windows', if it is one: its backslashes are doubled.

    Raises:
        ValueError: it is not clear what a backslash in it is for.
    """
    parts = _IN_SINGLE_QUOTES.split(word)  # these have an odd place, and are literal already
    outside = "".join(parts[::2])
    if "\\" not in outside:
        return word
    is_escaped = not outside.replace("\\\\", "").count("\\")  # D:\\data, as a shell wants it
    is_unc = _UNC.search(outside) is not None
    if is_escaped and not is_unc:
        return word
    if not is_unc and not _WINDOWS.search(outside):
        return word
    if is_escaped or _BEFORE_BLANK_OR_QUOTE.search(outside):
        raise ValueError(f"a backslash in {word} may be a part of a path, or escape what follows")
    return "".join(part if at % 2 else part.replace("\\", "\\\\") for at, part in enumerate(parts))


Words = Annotated[tuple[str, ...], BeforeValidator(split_argv), WithJsonSchema(ARGV_SCHEMA)]
