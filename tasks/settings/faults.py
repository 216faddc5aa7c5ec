"""From what pydantic finds wrong to what a user reads: file, key, fault, remedy."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from tasks.problem import Problem
from tasks.settings.toml_lines import line_of

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


def problems(error: ValidationError, path: Path, written: bytes, model: type[BaseModel]) -> list[Problem]:
    """Given what is wrong with the settings of a file, return it in the user's terms.

    `written` is what the file has, and `model` what it should be.
    """
    return [_problem(path, written, detail, model) for detail in error.errors() if not _is_echo(detail)]


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


def where(path: Path, written: bytes, keys: Sequence[str], shown: str = "") -> str:
    """Given the keys that lead to a value, return where it comes from: a variable, else the file and line.

    `written` is what the file has; `shown` is how the keys are called, if not by themselves.
    """
    variables = (PREFIX + "__".join(keys[:count]).upper() for count in range(len(keys), 0, -1))
    source = next((variable for variable in variables if variable in os.environ), "")
    line = None if source else line_of(written, keys)
    place = source or (f"{path}:{line}" if line else str(path))
    return f"{place}: {shown or '.'.join(keys)}" if keys else place


def place(path: Path, keys: Sequence[str], shown: str = "") -> str:
    """Return the same of a file that was read just now; without a line, if it has gone since."""
    try:
        written = path.read_bytes()
    except OSError:
        written = b""
    return where(path, written, keys, shown)


def _problem(path: Path, written: bytes, detail: ErrorDetails, model: type[BaseModel]) -> Problem:
    context = detail.get("ctx", {})
    keys = [str(part) for part in detail["loc"] if part != "[key]"]
    keys += context["key"].split(".") if "key" in context else []
    message, remedy = detail["msg"], context.get("remedy", "Correct the value.")
    if known := _WORDS.get(detail["type"]):
        message, remedy = known[0], known[1].format(**context)
    if detail["type"] == "extra_forbidden" and (meant := _meant(model, detail["loc"])):
        remedy = f"Did you mean '{meant}'? Otherwise take it out."
    value = "" if _is_secret(keys) else _shown(detail["input"])
    if value and value not in message and detail["type"] != "extra_forbidden":
        message = f"{value} {message[0].lower()}{message[1:]}"
    return Problem(where(path, written, keys), message.rstrip("."), remedy)


def _meant(model: type[BaseModel], place: Sequence[str | int]) -> str:
    """Return the key that an unknown one may have been meant for; "" if none of its table's is like it."""
    tables = {model}
    for key in place[:-1]:
        fields = [table.model_fields[key] for table in tables if key in table.model_fields]
        tables = {each for field in fields for each in _tables(field.annotation)} or tables
    close = get_close_matches(str(place[-1]), [key for table in tables for key in table.model_fields], n=1)
    return close[0] if close else ""


def _tables(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the tables that values of a type may be, or have for their entries."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _tables(part)


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
