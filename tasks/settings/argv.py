"""A command as people write it: one string, or a list of words. No shell ever sees it."""

from __future__ import annotations

import shlex
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


def split_argv(value: Any) -> Any:
    """Given a string, return its words as a POSIX shell would split it; a list is taken as it is.

    Raises:
        PydanticCustomError: a quote is not closed; its context holds the remedy.
    """
    if not isinstance(value, str):
        return value
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise PydanticCustomError(
            "run",
            "cannot be split into words ({reason})",
            {"reason": str(error).lower(), "remedy": "Close the quotes, or write a list of words."},
        ) from None


Words = Annotated[tuple[str, ...], BeforeValidator(split_argv), WithJsonSchema(ARGV_SCHEMA)]
