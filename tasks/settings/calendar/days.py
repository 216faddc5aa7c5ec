"""Which days: `days = "weekdays"`, `["mon", "thu"]`, `[1, 15, "last"]`, `["first sun", "last fri"]`."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBERS = {name: number for names in (WEEKDAYS, _LONG) for number, name in enumerate(names)}
_SETS = {"weekdays": frozenset(range(5)), "weekends": frozenset({5, 6})}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}
_KNOWN = (*_SETS, *WEEKDAYS, *_LONG, "last", *(f"{nth} {day}" for nth in _ORDINALS for day in WEEKDAYS))
_REMEDY = (
    'Write "weekdays", "weekends", or a list of weekdays ("mon"), days of the month (1 to 31, "last"), '
    'or both ("first sun").'
)


@dataclass(frozen=True, slots=True)
class Days:
    """A set of days, of every month or week; a day that any of its parts includes is one of them.

    `weekdays` has Monday as 0; `dates` are days of the month; of `nth`, each is a weekday and which of the
    month's. In both, -1 is the last. `written` is how rhythm.toml has it.
    """

    weekdays: frozenset[int]
    dates: frozenset[int]
    nth: frozenset[tuple[int, int]]
    written: tuple[str | int, ...] = field(compare=False)

    def includes(self, day: date) -> bool:
        """Whether `day` is one of them."""
        weekday = day.weekday()
        if weekday in self.weekdays or day.day in self.dates:
            return True
        if not self.nth and -1 not in self.dates:
            return False
        left = monthrange(day.year, day.month)[1] - day.day
        if left == 0 and -1 in self.dates:
            return True
        return (weekday, (day.day + 6) // 7) in self.nth or (left < 7 and (weekday, -1) in self.nth)

    def __str__(self) -> str:
        """The days as a phrase: "weekdays", "on mon and thu", "on the 1st, 15th and last day"."""
        if all(word in _SETS for word in self.written):
            return " and ".join(str(word) for word in self.written)
        names = [str(word) for word in self.written if isinstance(word, str) and word != "last"]
        dates = ["last" if word == "last" else _ordinal(word) for word in self.written if _is_date(word)]
        by_date = [f"the {listed(dates)} day of the month"] if dates else []
        return f"on {listed([*(_phrase(name) for name in names), *by_date])}"


def parse_days(value: Any) -> Days:
    """Given what rhythm.toml writes as `days`, return the days.

    Raises:
        PydanticCustomError: it names a day that there is not; its context holds the remedy.
    """
    if isinstance(value, Days):
        return value
    entries = list(value) if isinstance(value, list | tuple) else [value]
    if not entries:
        raise PydanticCustomError("days", "is empty", {"remedy": _REMEDY})
    written = tuple(" ".join(entry.lower().split()) if isinstance(entry, str) else entry for entry in entries)
    weekdays: set[int] = set()
    dates: set[int] = set()
    nth: set[tuple[int, int]] = set()
    for word in written:
        match word:
            case bool():
                raise _unknown(word)
            case int() if 1 <= word <= 31:
                dates.add(word)
            case "last":
                dates.add(-1)
            case str() if word in _SETS:
                weekdays |= _SETS[word]
            case str() if word in _NUMBERS:
                weekdays.add(_NUMBERS[word])
            case str():
                nth.add(_nth(word))
            case _:
                raise _unknown(word)
    return Days(frozenset(weekdays), frozenset(dates), frozenset(nth), written)


def listed(words: list[str]) -> str:
    """Return words as a sentence lists them: "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _nth(word: str) -> tuple[int, int]:
    """Given "first sun", return the weekday's number and which of the month's it is."""
    ordinal, _, weekday = word.partition(" ")
    if ordinal not in _ORDINALS or weekday not in _NUMBERS:
        raise _unknown(word)
    return _NUMBERS[weekday], _ORDINALS[ordinal]


def _unknown(word: object) -> PydanticCustomError:
    close = get_close_matches(word, _KNOWN, n=1) if isinstance(word, str) else []
    meant = f"Did you mean '{close[0]}'? " if close else ""
    return PydanticCustomError(
        "days", "names no day: {word}", {"word": repr(word), "remedy": meant + _REMEDY}
    )


def _is_date(word: str | int) -> bool:
    return isinstance(word, int) or word == "last"


def _ordinal(number: str | int) -> str:
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(int(number) % 10, "th")
    return f"{number}{'th' if 11 <= int(number) <= 13 else suffix}"


def _phrase(name: str) -> str:
    return f"the {name}" if " " in name else name


def _schema() -> dict[str, Any]:
    pattern = "|".join([*_SETS, *_NUMBERS, "last", f"({'|'.join(_ORDINALS)}) +({'|'.join(_NUMBERS)})"])
    one: list[dict[str, Any]] = [
        {"type": "string", "pattern": f"^({pattern})$"},
        {"type": "integer", "minimum": 1, "maximum": 31},
    ]
    return {
        "title": "day, or list of days",
        "anyOf": [*one, {"type": "array", "items": {"anyOf": one}, "minItems": 1}],
    }


def _as_written(days: Days) -> Iterator[str | int]:
    yield from days.written


DaysField = Annotated[
    Days,
    BeforeValidator(parse_days),
    PlainSerializer(lambda days: list(_as_written(days)), when_used="json"),
    WithJsonSchema(_schema()),
]
