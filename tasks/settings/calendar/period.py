"""How often: a duration, or months, whose lengths differ: `every = "10m"`, `"1w"`, `"1 month"`."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from tasks.settings.duration import DURATION_SCHEMA, format_duration, parse_duration

_MONTHS = re.compile(r"(\d{1,3}) *(months?|years?|y)")
#: The longest that a period may be.
LONGEST = 120
_REMEDY = (
    "Write a number and a unit: '90s', '10m', '2h', '1d', '1w' or '1h30m', at most 366 days; or '1 month', "
    "'1 year'."
)


@dataclass(frozen=True, slots=True)
class Months:
    """A number of months."""

    count: int

    def after(self, anchor: date, number: int) -> date:
        """Return the day that is `number` such periods after `anchor`: of a short month, the last.

        A series that begins on the 31st has the 31st of every month that has one.
        """
        months = anchor.year * 12 + anchor.month - 1 + self.count * number
        year, month = months // 12, months % 12 + 1
        return date(year, month, min(anchor.day, monthrange(year, month)[1]))

    def comes(self, anchor: date, day: date) -> bool:
        """Whether `day` is a whole number of periods before or after `anchor`."""
        between = (day.year - anchor.year) * 12 + day.month - anchor.month
        return between % self.count == 0 and self.after(anchor, between // self.count) == day

    def __str__(self) -> str:
        """As rhythm.toml writes it: "3 months"."""
        years, rest = divmod(self.count, 12)
        number, unit = (self.count, "month") if rest else (years, "year")
        return f"{number} {unit}{'s' if number > 1 else ''}"


Period = timedelta | Months


def parse_period(value: object) -> Period:
    """Given "10m", "1w", "1 month" or "2 years", return how long that is.

    Raises:
        PydanticCustomError: for anything else; its context holds the remedy.
    """
    if isinstance(value, Months):
        return value
    if isinstance(value, str) and (match := _MONTHS.fullmatch(value.strip().lower())):
        count = int(match[1]) * (1 if match[2].startswith("month") else 12)
        if not 1 <= count <= LONGEST:
            remedy = f"Write 1 to {LONGEST} months, or 1 to {LONGEST // 12} years."
            raise PydanticCustomError("duration", "is out of range", {"remedy": remedy})
        return Months(count)
    try:
        return parse_duration(value)
    except PydanticCustomError as error:
        raise PydanticCustomError("duration", error.message(), {"remedy": _REMEDY}) from None


def format_period(period: Period) -> str:
    """Return a period as rhythm.toml writes it."""
    return str(period) if isinstance(period, Months) else format_duration(period)


PeriodField = Annotated[
    Period,
    BeforeValidator(parse_period),
    PlainSerializer(format_period, when_used="json"),
    WithJsonSchema(
        {
            "title": "period",
            "anyOf": [DURATION_SCHEMA, {"type": "string", "pattern": r"^\d{1,3} *(months?|years?|y)$"}],
        }
    ),
]
