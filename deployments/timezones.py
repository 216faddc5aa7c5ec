"""The names of all time zones, looked up once for this process.

Prefect looks them up for each schedule of each deployment that it reads, in server and client alike, and
Python has no other way than to walk through the system's files: 5 ms, and seven times for a beat.
"""

from __future__ import annotations

from functools import cache

from prefect._internal.schemas import validators
from prefect.types._datetime import get_timezones


def remember() -> None:
    """Let Prefect use them; a zone that the system learns of later is unknown until the process has ended."""
    vars(validators)["get_timezones"] = cache(get_timezones)
