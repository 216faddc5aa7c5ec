"""The five fields of cron, and the simplest trigger that means the same."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import lru_cache

from cronsim import CronSim, CronSimError

from deployments.adopt.job import Kind, Trigger
from deployments.adopt.schedules import evenly

_NAMES = ("minute", "hour", "day of the month", "month", "day of the week")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BEGIN = datetime(2001, 1, 1)  # noqa: DTZ001 - cron's clock has no zone; a Monday, four years before a leap year ends
_SPAN = timedelta(days=1461)
_MOST_RUNS = 2000  # enough to average over; a line that runs each minute has them in a day


def trigger(fields: str) -> Trigger:
    """Given five fields, return the simplest trigger that means the same; `cron` holds the fields.

    Raises:
        ValueError: they are no schedule; it says which field is wrong.
    """
    parsed = _parse(fields)
    cron = " ".join(fields.split())
    minutes, hours = sorted(parsed.minutes), sorted(parsed.hours)
    every_month, every_day = len(parsed.months) == 12, parsed.days == set(range(1, 32))
    weekdays = {_DAYS[day] for day in parsed.weekdays if isinstance(day, int)}
    every_weekday = len(weekdays) == 7
    plain = every_weekday or all(isinstance(day, int) for day in parsed.weekdays)
    at = f"{hours[0]:02}:{minutes[0]:02}"
    if every_month and every_day and every_weekday:
        return _within_days(cron, minutes, hours, at)
    if len(minutes) == len(hours) == 1 and every_month and plain:
        if every_day:
            return Trigger(Kind.WEEKLY, at=at, days=tuple(day for day in _WEEK if day in weekdays), cron=cron)
        if every_weekday and (days := _days_of_month(parsed.days)):
            return Trigger(Kind.MONTHLY, at=at, days=days, cron=cron)
    return Trigger(Kind.CRON, cron=cron)


@lru_cache(maxsize=4096)
def runs_a_day(cron: str) -> float:
    """Given five fields, return their mean number of runs a day; 0 if they never come."""
    count, last = 0, _BEGIN
    for time in CronSim(cron, _BEGIN - timedelta(seconds=1)):
        if time >= _BEGIN + _SPAN:
            break
        count, last = count + 1, time
        if count == _MOST_RUNS:
            return (count - 1) / ((last - _BEGIN) / timedelta(days=1))
    return count / (_SPAN / timedelta(days=1))


def _parse(fields: str) -> CronSim:
    parts = fields.split()
    if len(parts) != 5:
        raise ValueError(f"has {len(parts)} fields where cron has five")
    try:
        return CronSim(" ".join(parts), _BEGIN)
    except (CronSimError, ValueError, AssertionError, RecursionError):
        raise ValueError(_wrong(parts)) from None


def _wrong(parts: list[str]) -> str:
    """Return which of the fields cannot be read by itself."""
    for index, part in enumerate(parts):
        alone = ["*"] * 5
        alone[index] = part
        try:
            CronSim(" ".join(alone), _BEGIN)
        except (CronSimError, ValueError, AssertionError, RecursionError):
            return f"'{part[:40]}' is not a valid {_NAMES[index]}"
    return "names a day that no month has"


def _within_days(cron: str, minutes: list[int], hours: list[int], at: str) -> Trigger:
    """A schedule that is the same every day."""
    if len(minutes) == len(hours) == 1:
        return Trigger(Kind.DAILY, at=at, cron=cron)
    if len(hours) == 24 and (every := evenly.step(minutes, 60)):
        first = f"00:{minutes[0]:02}" if minutes[0] else None
        return Trigger(Kind.INTERVAL, float(every), at=first, cron=cron)
    if len(minutes) == 1 and (every := evenly.step(hours, 24)):
        first = at if at != "00:00" else None
        return Trigger(Kind.INTERVAL, every * 60.0, at=first, cron=cron)
    return Trigger(Kind.CRON, cron=cron)


def _days_of_month(days: Collection[int]) -> tuple[int | str, ...]:
    if CronSim.LAST_WEEKDAY in days:
        return ()
    numbers: list[int | str] = sorted(day for day in days if day > 0)
    return (*numbers, *(["last"] if CronSim.LAST in days else []))
