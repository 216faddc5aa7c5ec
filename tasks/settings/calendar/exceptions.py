"""Days on which nothing runs: `except = ["2026-12-24..2027-01-01", "holidays:DE-BY"]`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from tasks import extras
from tasks.problem import alternatives

_HOLIDAYS = re.compile(r"holidays: *([A-Za-z]{2,3})(?:-(\w+))?")
_REMEDY = "Write a date ('2026-12-24'), two with '..' between them, or 'holidays:DE' ('holidays:DE-BY')."


@dataclass(frozen=True, slots=True)
class Dates:
    """The days from `first` to `last`, both included."""

    first: date
    last: date

    def reason(self, day: date) -> str:
        """Return why nothing runs on `day`; "" if it is none of these."""
        return str(self) if self.first <= day <= self.last else ""

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}..{self.last}"


@dataclass(frozen=True, slots=True)
class Holidays:
    """The public holidays of a country, or of one of its parts."""

    country: str
    part: str | None = None

    def reason(self, day: date) -> str:
        """Return the name of the holiday on `day`; "" if it is none."""
        name = _holidays(self.country, self.part, day.year).get(day)
        return f"{name}, {self}" if name else ""

    def __str__(self) -> str:
        return f"holidays:{self.country}{f'-{self.part}' if self.part else ''}"


Exempt = Dates | Holidays


def parse_exempt(value: object) -> Exempt:
    """Given one entry of `except`, return the days.

    Raises:
        PydanticCustomError: it is none, or the package that knows holidays is not installed; its context
            holds the remedy.
    """
    match value:
        case Dates() | Holidays():
            return value
        case datetime():
            return Dates(value.date(), value.date())
        case date():
            return Dates(value, value)
        case str() if match := _HOLIDAYS.fullmatch(value.strip()):
            return _known(Holidays(match[1].upper(), match[2] and match[2].upper()))
        case str():
            first, dots, last = value.strip().partition("..")
            return _dates(first.strip(), last.strip() if dots else first.strip())
    raise PydanticCustomError("except", "is not a date", {"remedy": _REMEDY})


def _dates(first: str, last: str) -> Dates:
    try:
        found = Dates(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        raise PydanticCustomError("except", "is not a date", {"remedy": _REMEDY}) from None
    if found.last < found.first:
        remedy = f"Write '{last}..{first}', if that is meant."
        raise PydanticCustomError("except", "ends before it begins", {"remedy": remedy})
    return found


def _known(wanted: Holidays) -> Holidays:
    """Return it if the package knows such a country and part of it."""
    try:
        from holidays import list_supported_countries
    except ModuleNotFoundError:
        raise PydanticCustomError(
            "except",
            "needs the package `holidays`, which is not installed",
            {"remedy": f"{extras.remedy('holidays')} Or write the dates."},
        ) from None
    countries = list_supported_countries()
    if wanted.country not in countries:
        remedy = f"{alternatives('countries', wanted.country, countries)} Two letters, as ISO 3166 has them."
        raise PydanticCustomError(
            "except", "holidays of no known country: {code}", {"code": wanted.country, "remedy": remedy}
        )
    parts = countries[wanted.country]
    if wanted.part is not None and wanted.part not in parts:
        remedy = alternatives(f"parts of {wanted.country}", wanted.part, parts)
        raise PydanticCustomError(
            "except", "holidays of no known part: {code}", {"code": wanted.part, "remedy": remedy}
        )
    return wanted


@lru_cache(maxsize=512)
def _holidays(country: str, part: str | None, year: int) -> dict[date, str]:
    """Return a year's holidays and their names, in English where the package has those."""
    from holidays import country_holidays

    return dict(country_holidays(country, subdiv=part, years=year).items())


def _schema() -> dict[str, Any]:
    day = r"\d{4}-\d{2}-\d{2}"
    return {"title": "day", "type": "string", "pattern": rf"^({day}(\.\.{day})?|{_HOLIDAYS.pattern})$"}


ExemptField = Annotated[
    Exempt,
    BeforeValidator(parse_exempt),
    PlainSerializer(str, when_used="json"),
    WithJsonSchema(_schema()),
]
