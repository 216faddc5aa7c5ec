"""Durations as people write them: 90s, 10m, 2h, 1d, 1w, 1h30m; a number alone is seconds."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_PART = re.compile(r"(\d+(?:\.\d+)?)([wdhms])")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
LONGEST = timedelta(days=366)

_REMEDY = {
    "remedy": "Write a number and a unit: '90s', '10m', '2h', '1d', '1w' or '1h30m', at most 366 days. "
    "A number alone is seconds."
}


def parse_duration(value: object) -> timedelta:
    """Given "90s", "10m", "2h", "1d", "1w", a chain of them, or seconds as a number, return it.

    It is longer than 0, and at most 366 days. The number may be text: a variable has nothing else.

    Raises:
        PydanticCustomError: for anything else; its context holds the remedy.
    """
    if isinstance(value, timedelta):
        return value
    if (seconds := _seconds(value)) is None:
        raise PydanticCustomError("duration", "is not a duration", _REMEDY)
    # What is shorter than a microsecond is rounded to nothing; no comparison holds for NaN.
    if not 0 < seconds <= LONGEST.total_seconds() or not (duration := timedelta(seconds=seconds)):
        raise PydanticCustomError("duration", "is out of range", _REMEDY)
    return duration


def _seconds(value: object) -> float | None:
    match value:
        case bool():
            return None
        case int() | float():
            return value
        case str() if _NUMBER.fullmatch(value.strip()):
            return float(value)
        case str() if _DURATION.fullmatch(value.strip()):
            return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(value))
        case _:
            return None


def format_duration(value: timedelta) -> str:
    """Given a duration, return it as rhythm.toml writes it: 600 s is "10m", 5400 s is "1h30m"."""
    rest, parts = value.total_seconds(), []
    for unit, size in _SECONDS.items():
        if unit == "w" and rest % size:
            continue  # ten days are "10d"
        count, rest = (rest, 0.0) if unit == "s" else divmod(rest, size)
        if count:
            parts.append(f"{count:g}{unit}")
    return "".join(parts) or "0s"


#: The JSON schema of a duration, for editors: pydantic only knows ISO 8601.
DURATION_SCHEMA = {
    "title": "duration",
    "anyOf": [
        {"type": "string", "pattern": f"^(?:{_DURATION.pattern}|{_NUMBER.pattern})$"},
        {"type": "number", "exclusiveMinimum": 0, "maximum": int(LONGEST.total_seconds())},
    ],
}

Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, when_used="json"),
    WithJsonSchema(DURATION_SCHEMA),
]
