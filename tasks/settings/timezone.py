"""A time zone by its name in the IANA database."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise PydanticCustomError(
            "timezone",
            "is not a known time zone",
            {"remedy": f"{_meant(name)}Write a name like 'Europe/Berlin', 'Asia/Seoul' or 'UTC'."},
        ) from None
    return name


def _meant(name: str) -> str:
    close = get_close_matches(name, available_timezones(), n=1, cutoff=0.8)
    return f"Did you mean '{close[0]}'? " if close else ""


ZoneName = Annotated[str, AfterValidator(_known)]
