"""From the triggers that a script builds to what they mean."""

from __future__ import annotations

from datetime import timedelta

from deployments.adopt.job import MINUTES_A_DAY, Difference, Kind, Trigger
from deployments.adopt.sources import event_query
from deployments.adopt.sources.iso_duration import minutes as iso_minutes
from deployments.adopt.sources.powershell.values import (
    DateTime,
    Thing,
    Unknown,
    Value,
    date_time,
    doubts,
    items,
    known,
    number,
    text,
    truth,
)
from deployments.adopt.sources.powershell.values import span as as_span

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PLAIN = {
    "boottrigger": Kind.STARTUP,
    "logontrigger": Kind.LOGON,
    "sessiontrigger": Kind.SESSION,
    "sessionstatechangetrigger": Kind.SESSION,
}
_NEVER_ENDS = 3650 * MINUTES_A_DAY  # ten years and more: meant as forever


def trigger(thing: Thing) -> tuple[Trigger | None, list[Difference]]:
    """Given a trigger, return what it means (None if it is disabled), and what of it is lost."""
    if truth(thing.get("enabled")) is False and thing.get("enabled") is not None:
        return None, [
            Difference("one of its triggers is disabled, and left out", "Nothing, if that is meant.")
        ]
    differences: list[Difference] = []
    delay = minutes(thing.get("delay")) or minutes(thing.get("randomdelay"))
    start = date_time(thing.get("startboundary"))
    repetition = thing.get("repetition")
    every = minutes(repetition.get("interval")) if isinstance(repetition, Thing) else None
    unclear = isinstance(repetition, Thing) and isinstance(repetition.get("interval"), Unknown)
    if every or unclear:
        differences += _window(thing, minutes(repetition.get("duration")))
        at = start.clock if start else None
        return Trigger(Kind.INTERVAL, every, at=at, delay_minutes=delay), differences
    if end := thing.get("endboundary"):
        differences.append(
            Difference(f"it was to end at {text(end)}", "Take its step out when that time has come.")
        )
    return _calendar(thing, start, delay, differences), differences


def _calendar(
    thing: Thing, start: DateTime | None, delay: float | None, differences: list[Difference]
) -> Trigger:
    at = start.clock if start else None
    match thing.kind:
        case "dailytrigger":
            days = number(thing.get("daysinterval")) or 1
            return Trigger(Kind.DAILY, days * MINUTES_A_DAY if days > 1 else None, at=at, delay_minutes=delay)
        case "weeklytrigger":
            weeks = number(thing.get("weeksinterval")) or 1
            if weeks > 1:
                differences.append(
                    Difference(
                        f"it ran only every {weeks:g} weeks", "Let the script look at the week itself."
                    )
                )
            return Trigger(
                Kind.WEEKLY, at=at, days=days_of_week(thing.get("daysofweek")), delay_minutes=delay
            )
        case "monthlytrigger" | "monthlydowtrigger":
            if thing.get("months") or thing.get("monthsofyear") or thing.get("monthsinterval"):
                differences.append(
                    Difference("it ran in some months only", "Let the script look at the month itself.")
                )
            return Trigger(Kind.MONTHLY, at=at, days=_days_of_month(thing), delay_minutes=delay)
        case "timetrigger":
            start_at = f"{start.date}T{at}" if start and start.date and at else at
            return Trigger(Kind.ONCE, at=start_at, delay_minutes=delay)
        case "eventtrigger":
            differences.append(event_query.difference(text(thing.get("subscription") or "")))
            return Trigger(Kind.EVENT, delay_minutes=delay)
        case other:
            return Trigger(_PLAIN.get(other, Kind.OTHER), delay_minutes=delay)


def _window(thing: Thing, lasting: float | None) -> list[Difference]:
    """Return what is lost of a repetition that ends: each day, or for good."""
    if lasting is None or lasting >= _NEVER_ENDS:
        return []
    if thing.kind in ("dailytrigger", "weeklytrigger"):
        if lasting >= MINUTES_A_DAY:
            return []
        what = f"it ran only during {lasting / 60:g} h of its days"
        return [Difference(what, "Let the script look at the clock, or leave it to run all day.")]
    days = lasting / MINUTES_A_DAY
    shown = f"{days:g} days" if days >= 1 else f"{lasting:g} minutes"
    return [
        Difference(
            f"its repetition ended {shown} after it began; here it goes on", "Nothing, if that was not meant."
        )
    ]


def minutes(value: Value) -> float | None:
    """Return a TimeSpan, or a duration as XML writes it, in minutes; None if it is neither, or nothing."""
    value = known(value) if isinstance(value, Unknown) and value.guess is not None else value
    if isinstance(value, str) and value.upper().startswith("P"):
        try:
            return iso_minutes(value) or None
        except ValueError:
            return None
    span = as_span(value)
    return span.total_seconds() / 60 if isinstance(span, timedelta) and span else None


def days_of_week(value: Value) -> tuple[str, ...]:
    """Return days as "mon" to "sun", in that order: from their names, their numbers, or the bits of COM."""
    found: set[str] = set()
    for item in items(value):
        bits = number(item)
        if bits is not None:  # Sunday is 1, Monday 2, Tuesday 4, …
            found |= {day for index, day in enumerate(("sun", *_DAYS[:6])) if int(bits) >> index & 1}
        elif text(item).strip().lower()[:3] in _DAYS:
            found.add(text(item).strip().lower()[:3])
    return tuple(day for day in _DAYS if day in found)


def _days_of_month(thing: Thing) -> tuple[str | int, ...]:
    weeks = number(thing.get("weeksofmonth"))
    if weeks is not None:
        names = ("first", "second", "third", "fourth", "last")
        which = [name for index, name in enumerate(names) if int(weeks) >> index & 1]
        return tuple(f"{name} {day}" for name in which for day in days_of_week(thing.get("daysofweek")))
    found: list[str | int] = []
    for item in items(thing.get("daysofmonth")):
        bits = number(item)
        if bits is None or isinstance(item, str):
            found.append(int(text(item)) if text(item).strip().isdigit() else text(item))
        else:
            found += [day for day in range(1, 32) if int(bits) >> (day - 1) & 1]
    return tuple(found)


def unclear(thing: Thing) -> frozenset[str]:
    """Return what is unknown of when a trigger comes."""
    repetition = thing.get("repetition")
    fields = (
        "startboundary",
        "daysinterval",
        "weeksinterval",
        "daysofweek",
        "delay",
        "randomdelay",
        "enabled",
    )
    timing = [thing.get(name) for name in fields]
    timing += [repetition.get("interval")] if isinstance(repetition, Thing) else [repetition]
    return thing.doubts | doubts(timing)
