"""Durations as people write them: 90s, 10m, 2h, 1d, 1w, 1h30m."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_PART = re.compile(r"(\d+(?:\.\d+)?)([wdhms])")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")
LONGEST = timedelta(days=366)

_REMEDY = {
    "remedy": "Write a number and a unit: '90s', '10m', '2h', '1d', '1w' or '1h30m', at most 366 days."
}


def parse_duration(value: object) -> timedelta:
    """Given "90s", "10m", "2h", "1d", "1w" or a chain of them, return it: longer than 0, at most 366 days.

    Raises:
        PydanticCustomError: for anything else; its context holds the remedy.
    """
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or not _DURATION.fullmatch(value.strip()):
        raise PydanticCustomError("duration", "is not a duration", _REMEDY)
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(value))
    # What is shorter than a microsecond is rounded to nothing.
    if seconds > LONGEST.total_seconds() or not (duration := timedelta(seconds=seconds)):
        raise PydanticCustomError("duration", "is out of range", _REMEDY)
    return duration


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
DURATION_SCHEMA = {"title": "duration", "type": "string", "pattern": f"^{_DURATION.pattern}$"}

Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, when_used="json"),
    WithJsonSchema(DURATION_SCHEMA),
]
