"""Cron's five fields: `cron = "0 7 * * 1-5"`. cronsim reads them; days and times are asked for one day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property, lru_cache
from typing import Annotated

from cronsim import CronSim, CronSimError
from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

_FIELDS = 5
_REMEDY = (
    "Write minute, hour, day of the month, month and day of the week: '0 7 * * 1-5' is 07:00 from Monday to "
    "Friday."
)
_SHORT = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


@dataclass(frozen=True)
class Cron:
    """Five fields, as Debian's cron understands them.

    If both fields for days are restricted, a day that either matches is one; a field that begins with `*` is
    not restricted.
    """

    written: str

    def includes(self, day: date) -> bool:
        """Whether it comes on `day`."""
        fields = _read(self.written)
        return day.month in fields.months and fields.match_day(day)

    @cached_property
    def times(self) -> tuple[time, ...]:
        """The times of a day on which it comes, in order."""
        fields = _read(self.written)
        return tuple(time(hour, minute) for hour in sorted(fields.hours) for minute in sorted(fields.minutes))

    @property
    def is_wildcard(self) -> bool:
        """Whether minute or hour begins with `*`: cron then follows the clock, whatever a change makes of it.

        Others run once a day through clock changes, those in the hour that is skipped right after it.
        """
        minute, hour, *_ = self.written.split()
        return minute.startswith("*") or hour.startswith("*")


def parse_cron(value: object) -> Cron:
    """Given five fields, return them read.

    Raises:
        PydanticCustomError: they are not five, are not what cron reads, or name a day that never comes; its
            context holds the remedy.
    """
    if isinstance(value, Cron):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("cron", "is not text", {"remedy": _REMEDY})
    written = " ".join(value.split())
    if written.lower() in _SHORT:
        written = _SHORT[written.lower()]
    if written.startswith("@"):
        remedy = "A group with `every` runs soon after the start." if written == "@reboot" else _REMEDY
        raise PydanticCustomError("cron", "is not five fields", {"remedy": remedy})
    if len(written.split()) != _FIELDS:
        count = len(written.split())
        raise PydanticCustomError("cron", "has {count} fields, not 5", {"count": count, "remedy": _REMEDY})
    try:
        _read(written)
    except CronSimError as error:
        if _comes_in_other_months(written):
            remedy = "Correct the day of the month, or the month: there is no 31 February."
            raise PydanticCustomError("cron", "never comes", {"remedy": remedy}) from None
        raise PydanticCustomError(
            "cron", "is not cron's: {reason}", {"reason": str(error).lower(), "remedy": _REMEDY}
        ) from None
    return Cron(written)


def _comes_in_other_months(written: str) -> bool:
    """Whether each field of what cronsim refuses is valid, so that only the month has no such day."""
    minute, hour, day, month, weekday = written.split()
    try:
        _read(f"{minute} {hour} {day} * {weekday}")
        _read(f"0 0 1 {month} *")
    except CronSimError:
        return False
    return True


@lru_cache(maxsize=256)
def _read(written: str) -> CronSim:
    return CronSim(written, datetime(2000, 1, 1, tzinfo=UTC))


CronField = Annotated[
    Cron,
    BeforeValidator(parse_cron),
    PlainSerializer(lambda cron: cron.written, when_used="json"),
    WithJsonSchema({"title": "cron", "type": "string", "pattern": r"^\s*(@\w+|\S+(\s+\S+){4})\s*$"}),
]
