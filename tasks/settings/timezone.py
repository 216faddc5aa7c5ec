"""A time zone by its name in the IANA database."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise PydanticCustomError(
            "timezone",
            "is not a known time zone",
            {"remedy": "Write a name like 'Europe/Berlin', 'Asia/Seoul' or 'UTC'."},
        ) from None
    return name


ZoneName = Annotated[str, AfterValidator(_known)]
