"""From what pydantic finds wrong to what a user reads: file, key, fault, remedy."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from tasks.problem import Problem

PREFIX = "RHYTHM_"
#: JSON in a variable has no place that can be named.
TOO_DEEP = Problem(f"{PREFIX}… variables", "have too many brackets within each other", "Take brackets away.")

# By pydantic's type of error: what is wrong, and what would be right.
_WORDS = {
    "bool_parsing": ("is neither true nor false", "Write true or false."),
    "bool_type": ("is neither true nor false", "Write true or false."),
    "dict_type": ("is not a table", "Write it as a table, its keys below its name in [brackets]."),
    "extra_forbidden": ("unknown key", "Take it out, or correct its spelling."),
    "greater_than_equal": ("is too small", "Write {ge} or more."),
    "int_from_float": ("is not a whole number", "Write a whole number, without quotes."),
    "int_parsing": ("is not a whole number", "Write a whole number, without quotes."),
    "int_type": ("is not a whole number", "Write a whole number, without quotes."),
    "less_than_equal": ("is too large", "Write {le} or less."),
    "literal_error": ("is not possible here", "Write {expected}."),
    "missing": ("is missing", "Add it."),
    "model_type": ("is not a table", "Write it as a table, its keys below its name in [brackets]."),
    "path_type": ("is not a path", "Write it in quotes."),
    "string_pattern_mismatch": ("is not a valid group name", "Use lower-case letters, digits and _."),
    "string_too_long": ("is too long", "Write at most {max_length} characters."),
    "string_too_short": ("is empty", "Write at least {min_length} character."),
    "string_type": ("is not text", "Write it in quotes."),
    "too_long": ("has too many entries", "Write at most {max_length}."),
    "too_short": ("is empty", "Write at least {min_length} entry."),
    "tuple_type": ("is not a list", 'Write a list: ["…", "…"].'),
    "url_parsing": ("is not a URL", "Write one like 'http://127.0.0.1:8080/health'."),
    "url_scheme": ("is not a URL", "Write one like 'http://127.0.0.1:8080/health'."),
}


def problems(error: ValidationError, path: Path) -> list[Problem]:
    """Given what is wrong with the settings of the file `path`, return it in the user's terms."""
    return [_problem(path, detail) for detail in error.errors() if not _is_echo(detail)]


def not_json(error: SettingsError) -> Problem:
    """Given what pydantic-settings reports about a variable that should hold JSON, return it likewise."""
    key = re.search(r'field "(\w+)"', str(error))
    name = PREFIX + (key[1].upper() if key else "")
    variables = [found for found in sorted(os.environ) if found.upper().split("__")[0] == name]
    return Problem(
        " or ".join(variables) or "environment",
        f"is not JSON ({error.__cause__ or error})",
        'Write it as JSON, a list for example as ["…", "…"].',
    )


def where(path: Path, keys: Sequence[str]) -> str:
    """Given the keys that lead to a value, return where it comes from: a variable, else the file."""
    variables = (PREFIX + "__".join(keys[:count]).upper() for count in range(len(keys), 0, -1))
    source = next((variable for variable in variables if variable in os.environ), str(path))
    return f"{source}: {'.'.join(keys)}" if keys else source


def _problem(path: Path, detail: ErrorDetails) -> Problem:
    context = detail.get("ctx", {})
    keys = [str(part) for part in detail["loc"] if part != "[key]"]
    keys += [context["key"]] if "key" in context else []
    message, remedy = detail["msg"], context.get("remedy", "Correct the value.")
    if known := _WORDS.get(detail["type"]):
        message, remedy = known[0], known[1].format(**context)
    value = "" if _is_secret(keys) else _shown(detail["input"])
    if value and value not in message and detail["type"] != "extra_forbidden":
        message = f"{value} {message[0].lower()}{message[1:]}"
    return Problem(where(path, keys), message.rstrip("."), remedy)


def _shown(value: object) -> str:
    """Return a value as TOML writes it, or nothing for one of many lines."""
    if isinstance(value, bool):
        return json.dumps(value)
    return repr(value) if isinstance(value, str | int | float) else ""


def _is_secret(keys: Sequence[str]) -> bool:
    """Whether what stands there must not be printed, however wrong it is."""
    return keys[:1] in (["server_password"], ["database_url"])


def _is_echo(detail: ErrorDetails) -> bool:
    """Whether a list is called empty only since all that it holds is wrong, which is reported separately."""
    return detail["type"] == "too_short" and bool(detail["input"])
