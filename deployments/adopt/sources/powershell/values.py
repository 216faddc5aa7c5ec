"""What PowerShell's expressions come to, as far as their text shows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

#: Text, numbers, booleans, None, lists, `timedelta`, `DateTime`, `Thing`, `Unknown`.
Value = Any


class Unknown(str):
    """A value, or a part of a text, that only running the script would show.

    Its text is the best that can be said: the expression's own words, or the text around them.
    `names` say what is missing. `guess` is the value that it has in one of several cases.
    """

    names: frozenset[str]
    guess: Value

    def __new__(cls, shown: str, names: Iterable[str] = (), guess: Value = None) -> Unknown:
        made = super().__new__(cls, shown)
        made.names = frozenset(names) or frozenset({shown})
        made.guess = guess
        return made


@dataclass(slots=True)
class Thing:
    """An object: a table, a trigger, an action, …; its fields by their names in lower case."""

    kind: str
    fields: dict[str, Value] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    doubts: frozenset[str] = frozenset()

    def get(self, name: str, default: Value = None) -> Value:
        """Return a field, however its name is written."""
        return self.fields.get(name.lower(), default)

    def set(self, name: str, value: Value) -> None:
        """Set a field."""
        self.fields[name.lower()] = value
        self.names.setdefault(name.lower(), name)


@dataclass(frozen=True, slots=True)
class DateTime:
    """A date and time. `minutes` after midnight is None for a time counted from now; `date` is ISO 8601's."""

    minutes: float | None = None
    date: str | None = None

    def after(self, span: timedelta) -> DateTime:
        """Return the time that much later; the date is kept, for only the time of day matters."""
        if self.minutes is None:
            return self
        return DateTime((self.minutes + span.total_seconds() / 60) % 1440, self.date)

    @property
    def clock(self) -> str | None:
        """The time of day, "HH:MM"."""
        return None if self.minutes is None else f"{int(self.minutes) // 60:02}:{int(self.minutes) % 60:02}"


def known(value: Value) -> Value:
    """Return the value itself: of an unknown one the guess, or None."""
    return value.guess if isinstance(value, Unknown) else value


def doubts(value: Value) -> frozenset[str]:
    """Return the names of all that is unknown in a value."""
    if isinstance(value, Unknown):
        return value.names
    if isinstance(value, list):
        return frozenset().union(*(doubts(item) for item in value))
    if isinstance(value, Thing):
        return value.doubts.union(*(doubts(item) for item in value.fields.values()))
    return frozenset()


def text(value: Value) -> str:
    """Return a value as PowerShell writes it into a text; with unknown parts an `Unknown`."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return joined([text(item) for item in value], " ")
    if isinstance(value, timedelta):
        return clock_text(value)
    if isinstance(value, DateTime):
        return value.clock or Unknown("(Get-Date)")
    if isinstance(value, Thing):
        main = value.get("source") if value.kind == "command" else None
        return text(main) if main is not None else Unknown(f"({value.kind})", value.doubts)
    return str(value)


def joined(parts: Iterable[str], between: str = "") -> str:
    """Return the texts as one; unknown where one of them is."""
    parts = list(parts)
    names = frozenset().union(*(part.names for part in parts if isinstance(part, Unknown)))
    whole = between.join(parts)
    return Unknown(whole, names) if names else whole


def truth(value: Value) -> bool | None:
    """Return what a condition sees in a value; None if that cannot be known."""
    if isinstance(value, Unknown):
        return None
    if isinstance(value, list):
        return truth(value[0]) if len(value) == 1 else bool(value)
    if isinstance(value, Thing | DateTime | timedelta):
        return True
    return bool(value)


def items(value: Value) -> list[Value]:
    """Return what a loop over the value sees."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


#: A larger number is none of a schedule's.
MOST = 1e15


def number(value: Value) -> float | None:
    """Return a value as a number, if it is one that anything can be counted with."""
    value = known(value)
    if isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,16}(\.\d{1,16})?\s*", value):
        value = float(value)
    return float(value) if isinstance(value, int | float) and abs(value) < MOST else None


_SPAN = re.compile(r"(-?)(?:(\d{1,6})\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?")


def span(value: Value) -> timedelta | None:
    """Return a value as a TimeSpan: one itself, "00:05:00", "1.00:00:00", or a number of days."""
    value = known(value)
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        value = value.strip()
        if found := _SPAN.fullmatch(value):
            days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
            made = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
            return -made if found[1] else made
        if value.isdigit() and len(value) < 6:
            return timedelta(days=int(value))
    return None


def clock_text(value: timedelta) -> str:
    """Return a TimeSpan as PowerShell writes it."""
    seconds = int(value.total_seconds())
    days, rest = divmod(abs(seconds), 86400)
    sign = "-" if seconds < 0 else ""
    return f"{sign}{f'{days}.' if days else ''}{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"


_CLOCK = re.compile(
    r"(?:(?P<date>\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{4})[T ]+)?"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?(?::\d{2}(?:\.\d+)?)?\s*(?P<half>[ap]\.?m\.?)?(?:Z|[+-]\d\d:\d\d)?",
    re.IGNORECASE,
)


def date_time(value: Value) -> DateTime | None:
    """Return a value as a date and time: "03:00", "3am", "오후 3:15", "2025-01-01T03:00:00"."""
    value = known(value)
    if isinstance(value, DateTime):
        return value
    if not isinstance(value, str):
        return None
    korean = re.fullmatch(r"(.*?)(오전|오후)\s*(\S+)", value.strip())
    if korean:  # Korean Windows reads, and writes, the half of the day before the hour
        value = f"{korean[1]}{korean[3]} {'am' if korean[2] == '오전' else 'pm'}"
    found = _CLOCK.fullmatch(value.strip())
    if found is None or not (found["minute"] or found["half"]):
        return DateTime(0.0, value.strip()) if re.fullmatch(r"\d{4}-\d\d?-\d\d?", value.strip()) else None
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].lower().startswith("p") else 0)
    minutes = hour * 60 + int(found["minute"] or 0)
    return DateTime(float(minutes), found["date"]) if minutes < 1440 else None
