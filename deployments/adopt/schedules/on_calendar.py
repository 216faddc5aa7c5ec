"""systemd's calendar events and time spans, and the simplest trigger that means the same."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deployments.adopt.job import Kind, Trigger
from deployments.adopt.schedules import evenly

_SHORT = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "quarterly": "*-01,04,07,10-01 00:00:00",
    "semiannually": "*-01,07-01 00:00:00",
    "semi-annually": "*-01,07-01 00:00:00",
    "yearly": "*-01-01 00:00:00",
    "annually": "*-01-01 00:00:00",
}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EVENT = re.compile(
    r"(?:(?P<days>[A-Za-z][A-Za-z,.\s-]*?)\s+|(?P<only>[A-Za-z][A-Za-z,.-]*)$)?"
    r"(?:(?P<date>[\d*,./]+-[\d*,./]+(?:[-~][\d*,./]+)?)(?:[T\s]+|$))?"
    r"(?P<time>[\d*,./]+:[\d*,./]+(?::[\d*,./]+)?)?"
)
_UNITS = {
    **dict.fromkeys(("us", "usec", "µs"), 1 / 60e6),
    **dict.fromkeys(("ms", "msec"), 1 / 60e3),
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1 / 60),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 1.0),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 60.0),
    **dict.fromkeys(("d", "day", "days"), 1440.0),
    **dict.fromkeys(("w", "week", "weeks"), 10080.0),
    **dict.fromkeys(("M", "month", "months"), 30.44 * 1440),
    **dict.fromkeys(("y", "year", "years"), 365.25 * 1440),
}


def span_minutes(text: str) -> float:
    """Given a time span ("5min", "1h 30m", "90"), return it in minutes; infinity is infinite.

    Raises:
        ValueError: it is none.
    """
    text = text.strip()
    if text == "infinity":
        return float("inf")
    parts = re.findall(r"(\d{1,12}(?:\.\d{1,9})?)\s*([A-Za-zµ]*)\s*", text)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != re.sub(r"\s", "", text):
        raise ValueError(f"'{text[:40]}' is not a time span")
    if unknown := [unit for _, unit in parts if unit not in _UNITS]:
        raise ValueError(f"'{unknown[0][:20]}' is not a unit of time")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def zone_of(expression: str) -> str:
    """Return the time zone that an expression ends with; "" if it names none."""
    found = re.search(r"\s(UTC|GMT|[A-Z][A-Za-z_]+/[A-Za-z_/+-]+)$", expression.strip())
    return found[1] if found else ""


def trigger(expression: str) -> Trigger:
    """Given a calendar event, return the simplest trigger that means the same, without its time zone.

    Raises:
        ValueError: it is none.
    """
    text = expression.strip().removesuffix(zone_of(expression)).strip()
    text = _SHORT.get(text.lower(), text)
    found = _EVENT.fullmatch(text)
    if not text or found is None:
        raise ValueError(f"'{expression[:60]}' is not a calendar event")
    weekdays = _weekdays(found["days"] or found["only"] or "")
    year, month, day, from_end = _date(found["date"])
    hour, minute, second = _time(found["time"])
    if year.isdigit() and month.isdigit() and day.isdigit() and hour.isdigit() and minute.isdigit():
        return Trigger(Kind.ONCE, at=f"{year}-{int(month):02}-{int(day):02}T{int(hour):02}:{int(minute):02}")
    months, hours, minutes = _values(month, 1, 12), _values(hour, 0, 23), _values(minute, 0, 59)
    seconds = _values(second, 0, 59)
    if from_end or year != "*":
        last = from_end and _values(day, 1, 31) == [1] and year == "*" and len(months) == 12 and not weekdays
        if last and len(hours) == len(minutes) == 1:
            return Trigger(Kind.MONTHLY, at=f"{hours[0]:02}:{minutes[0]:02}", days=("last",))
        return Trigger(Kind.OTHER)
    days = _values(day, 1, 31)
    if len(seconds) > 1:
        every_day = not weekdays and len(months) == 12 and len(days) == 31
        apart = evenly.step(seconds, 60) if every_day and len(hours) == 24 and len(minutes) == 60 else None
        return Trigger(Kind.INTERVAL, apart / 60) if apart else Trigger(Kind.OTHER)
    return _trigger(weekdays, months, days, hours, minutes)


def _trigger(
    weekdays: Sequence[str], months: list[int], days: list[int], hours: list[int], minutes: list[int]
) -> Trigger:
    every_day = len(days) == 31 and len(months) == 12
    at = f"{hours[0]:02}:{minutes[0]:02}"
    single = len(hours) == len(minutes) == 1
    if every_day and not weekdays:
        if single:
            return Trigger(Kind.DAILY, at=at)
        if len(hours) == 24 and (step := evenly.step(minutes, 60)):
            return Trigger(Kind.INTERVAL, float(step), at=f"00:{minutes[0]:02}" if minutes[0] else None)
        if len(minutes) == 1 and (step := evenly.step(hours, 24)):
            return Trigger(Kind.INTERVAL, step * 60.0, at=at if at != "00:00" else None)
    elif every_day and single:
        return Trigger(Kind.WEEKLY, at=at, days=tuple(weekdays))
    elif len(months) == 12 and single and not weekdays:
        return Trigger(Kind.MONTHLY, at=at, days=tuple(days))
    if weekdays and len(days) < 31:  # systemd asks for both, cron for either
        return Trigger(Kind.OTHER)
    names = ",".join(weekdays) or "*"
    fields = (_field(minutes, 0, 59), _field(hours, 0, 23), _field(days, 1, 31), _field(months, 1, 12), names)
    return Trigger(Kind.CRON, cron=" ".join(fields))


def _weekdays(text: str) -> list[str]:
    found: set[int] = set()
    for part in filter(None, re.split(r"[,\s]+", text.strip())):
        first, _, last = part.replace("..", "-").partition("-")
        begin, end = _weekday(first), _weekday(last or first)
        found |= {(begin + step) % 7 for step in range((end - begin) % 7 + 1)}
    return [day for index, day in enumerate(_DAYS) if index in found] if len(found) < 7 else []


def _weekday(text: str) -> int:
    low = text.lower()
    for names in (_DAYS, _LONG_DAYS):
        if low in names:
            return names.index(low)
    raise ValueError(f"'{text[:20]}' is not a day of the week")


def _date(text: str | None) -> tuple[str, str, str, bool]:
    """Return year, month and day, and whether the day counts from the month's end."""
    if text is None:
        return "*", "*", "*", False
    from_end = "~" in text
    parts = text.replace("~", "-").split("-")
    return (*(parts if len(parts) == 3 else ["*", *parts]), from_end)  # type: ignore[return-value]


def _time(text: str | None) -> tuple[str, str, str]:
    parts = (text or "00:00:00").split(":")
    return parts[0], parts[1], parts[2] if len(parts) > 2 else "0"


def _values(text: str, low: int, high: int) -> list[int]:
    """Return the numbers that a part of an event means, in order."""
    found: set[int] = set()
    for part in text.split(","):
        shape = re.fullmatch(r"(\*|\d{1,4})(?:\.\.(\d{1,4}))?(?:/(\d{1,4}))?(?:\.0+)?", part)
        if shape is None:
            raise ValueError(f"'{part[:20]}' is not a number, range or step")
        first = low if shape[1] == "*" else int(shape[1])
        open_end = shape[1] == "*" or shape[3]
        last = int(shape[2]) if shape[2] else high if open_end else first
        step = int(shape[3] or 1)
        if not low <= first <= last <= high or not step:
            raise ValueError(f"'{part[:20]}' is not between {low} and {high}")
        found |= set(range(first, last + 1, step))
    return sorted(found)


def _field(values: list[int], low: int, high: int) -> str:
    return "*" if len(values) == high - low + 1 else ",".join(str(value) for value in values)
