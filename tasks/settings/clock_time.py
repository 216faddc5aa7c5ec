"""A time of day as people write it: 03:00."""

from __future__ import annotations

import re
from datetime import time

from pydantic_core import PydanticCustomError

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
#: What JSON Schema accepts as one: with the seconds that TOML's own type has.
CLOCK_PATTERN = f"^({_CLOCK.pattern})(:00)?$"


def parse_clock_time(value: object) -> time:
    """Given "03:00" (or TOML's own time 03:00:00), return that time of day.

    Raises:
        PydanticCustomError: for anything else; its context holds the remedy.
    """
    if isinstance(value, time):
        return value
    match = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise PydanticCustomError(
            "clock_time", "is not a time of day", {"remedy": "Write hours and minutes, '00:00' to '23:59'."}
        )
    return time(int(match[1]), int(match[2]))
