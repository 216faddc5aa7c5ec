"""The triggers of a task's XML, and what each of them means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from deployments.adopt.job import MINUTES_A_DAY, Difference, Kind, Trigger
from deployments.adopt.sources import event_query
from deployments.adopt.sources.iso_duration import minutes

_KINDS = {
    "BootTrigger": Kind.STARTUP,
    "LogonTrigger": Kind.LOGON,
    "EventTrigger": Kind.EVENT,
    "SessionStateChangeTrigger": Kind.SESSION,
    "TimeTrigger": Kind.ONCE,
}
_DAYS = {
    "Monday": "mon",
    "Tuesday": "tue",
    "Wednesday": "wed",
    "Thursday": "thu",
    "Friday": "fri",
    "Saturday": "sat",
    "Sunday": "sun",
}
_WEEKS = {"1": "first", "2": "second", "3": "third", "4": "fourth", "Last": "last"}
_NEVER_ENDS = 3650 * MINUTES_A_DAY


def tag(element: Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2] if isinstance(element.tag, str) else ""


def child(element: Element | None, *names: str) -> Element | None:
    """Return the element that a path of names leads to, whatever their namespace."""
    for name in names:
        element = next((each for each in element if tag(each) == name), None) if element is not None else None
    return element


def children(element: Element | None, *names: str) -> list[Element]:
    """Return all that is in the element that a path of names leads to; nothing if it is not there."""
    found = child(element, *names)
    return list(found) if found is not None else []


def number(text_of: str) -> int | None:
    """Return a whole number; None if the text is none, or one that nobody means."""
    return int(text_of) if text_of.isdecimal() and len(text_of) < 6 else None


def text(element: Element | None, *names: str) -> str:
    """Return the text of the element that a path of names leads to; "" if it is not there."""
    found = child(element, *names)
    return (found.text or "").strip() if found is not None else ""


def span(element: Element | None, *names: str) -> float | None:
    """Return a duration in minutes; None if it is not there, is none, or is nothing."""
    try:
        return minutes(text(element, *names)) or None
    except ValueError:
        return None


def read(triggers: Element | None) -> tuple[list[Trigger], list[Difference]]:
    """Given <Triggers>, return those that are enabled, and what of them is lost."""
    found: list[Trigger] = []
    differences: list[Difference] = []
    for element in triggers if triggers is not None else ():
        if not tag(element):
            continue
        if text(element, "Enabled").lower() == "false":
            what = f"its disabled {_kind_of(element)} is left out"
            differences.append(Difference(what, "Nothing, if that is meant."))
            continue
        found.append(_trigger(element))
        differences += _differences(element)
    return found, differences


def _trigger(element: Element) -> Trigger:
    start = text(element, "StartBoundary")
    start_at = re.match(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})", start)
    at = start_at[2] if start_at else None
    delay = span(element, "Delay") or span(element, "RandomDelay")
    every = span(element, "Repetition", "Interval")
    if every:
        return Trigger(Kind.INTERVAL, every, at=at, delay_minutes=delay)
    if tag(element) == "CalendarTrigger":
        return _calendar(element, at, delay)
    kind = _KINDS.get(tag(element), Kind.OTHER)
    once = f"{start_at[1]}T{at}" if kind is Kind.ONCE and start_at else None
    return Trigger(kind, at=once, delay_minutes=delay)


def _calendar(element: Element, at: str | None, delay: float | None) -> Trigger:
    if (week := child(element, "ScheduleByWeek")) is not None:
        return Trigger(Kind.WEEKLY, at=at, days=tuple(_days(child(week, "DaysOfWeek"))), delay_minutes=delay)
    if (month := child(element, "ScheduleByMonth")) is not None:
        days = [day for each in children(month, "DaysOfMonth") if (day := (each.text or "").strip())]
        numbers = tuple(day.lower() if (found := number(day)) is None else found for day in days)
        return Trigger(Kind.MONTHLY, at=at, days=numbers, delay_minutes=delay)
    if (month := child(element, "ScheduleByMonthDayOfWeek")) is not None:
        weeks = [_WEEKS.get((each.text or "").strip(), "first") for each in children(month, "Weeks")]
        named = tuple(f"{week} {day}" for week in weeks for day in _days(child(month, "DaysOfWeek")))
        return Trigger(Kind.MONTHLY, at=at, days=named, delay_minutes=delay)
    interval = number(text(element, "ScheduleByDay", "DaysInterval")) or 1
    every = interval * MINUTES_A_DAY if 1 < interval <= 365 else None
    return Trigger(Kind.DAILY, every, at=at, delay_minutes=delay)


def _days(element: Element | None) -> Iterator[str]:
    names = {tag(each) for each in element} if element is not None else set()
    return (short for name, short in _DAYS.items() if name in names)


def _differences(element: Element) -> Iterator[Difference]:
    if end := text(element, "EndBoundary"):
        yield Difference(
            f"its {_kind_of(element)} ends at {end}", "Take its step out when that time has come."
        )
    if re.search(r"(Z|[+-]\d\d:\d\d)$", text(element, "StartBoundary")) and tag(element) == "CalendarTrigger":
        yield Difference(
            "its times are UTC's, and stay so when the clocks change",
            "Name the zone: timezone in rhythm.toml.",
        )
    weeks = number(text(element, "ScheduleByWeek", "WeeksInterval")) or 1
    if weeks > 1:
        yield Difference(f"it ran only every {weeks} weeks", "Let the script look at the week itself.")
    for kind in ("ScheduleByMonth", "ScheduleByMonthDayOfWeek"):
        months = child(element, kind, "Months")
        if months is not None and 0 < len(months) < 12:
            yield Difference("it ran in some months only", "Let the script look at the month itself.")
    yield from _window(element)
    if tag(element) == "EventTrigger":
        yield event_query.difference(text(element, "Subscription"))


def _window(element: Element) -> Iterator[Difference]:
    """Yield what is lost of a repetition that ends: each day, or for good."""
    lasting = span(element, "Repetition", "Duration")
    if not span(element, "Repetition", "Interval") or lasting is None or lasting >= _NEVER_ENDS:
        return
    if tag(element) != "CalendarTrigger":
        shown = f"{lasting / MINUTES_A_DAY:g} days" if lasting >= MINUTES_A_DAY else f"{lasting:g} minutes"
        yield Difference(
            f"its repetition ended {shown} after it began; here it goes on", "Nothing, if that was not meant."
        )
    elif lasting < MINUTES_A_DAY:
        what = f"it ran only during {lasting / 60:g} h of its days"
        yield Difference(what, "Let the script look at the clock, or leave it to run all day.")


def _kind_of(element: Element) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", tag(element)).lower()
