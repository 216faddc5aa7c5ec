"""The part of a day within which `every` counts: `between = ["08:00", "20:00"]`, over midnight too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from tasks.settings.clock_time import CLOCK_PATTERN, parse_clock_time


@dataclass(frozen=True, slots=True)
class Hours:
    """From `start` to before `end`, of the next day if that is not later."""

    start: time
    end: time

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return when they begin and end that begin on `day`, in UTC."""
        last = day if self.end > self.start else day + timedelta(days=1)
        begin = datetime.combine(day, self.start, zone)
        return begin.astimezone(UTC), datetime.combine(last, self.end, zone).astimezone(UTC)

    def __str__(self) -> str:
        return f"between {self.start:%H:%M} and {self.end:%H:%M}"


def parse_hours(value: Any) -> Hours:
    """Given two times of day, return the hours from one to the other.

    Raises:
        PydanticCustomError: for anything else; its context holds the remedy.
    """
    if isinstance(value, Hours):
        return value
    if not isinstance(value, list | tuple) or len(value) != 2:
        remedy = 'Write two of them: ["08:00", "20:00"].'
        raise PydanticCustomError("between", "is not a list of two times of day", {"remedy": remedy})
    start, end = map(parse_clock_time, value)
    if start == end:
        remedy = "Take `between` out if the whole day is meant."
        raise PydanticCustomError("between", "begins when it ends", {"remedy": remedy})
    return Hours(start, end)


HoursField = Annotated[
    Hours,
    BeforeValidator(parse_hours),
    PlainSerializer(lambda hours: [f"{hours.start:%H:%M}", f"{hours.end:%H:%M}"], when_used="json"),
    WithJsonSchema(
        {
            "title": "two times of day",
            "type": "array",
            "items": {"type": "string", "pattern": CLOCK_PATTERN},
            "minItems": 2,
            "maxItems": 2,
        }
    ),
]
