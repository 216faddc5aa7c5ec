"""The triggers of a task's XML, and what each of them means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from deployments.adopt import event_query
from deployments.adopt.iso_duration import minutes
from deployments.adopt.job import MINUTES_A_DAY, Kind, Loss, Trigger

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


def read(triggers: Element | None) -> tuple[list[Trigger], list[Loss]]:
    """Given <Triggers>, return those that are enabled, and what of them is lost."""
    found: list[Trigger] = []
    losses: list[Loss] = []
    for element in triggers if triggers is not None else ():
        if not tag(element):
            continue
        if text(element, "Enabled").lower() == "false":
            what = f"its disabled {_told(element)} is left out"
            losses.append(Loss(what, "Nothing, if that is meant."))
            continue
        found.append(_trigger(element))
        losses += _losses(element)
    return found, losses


def _trigger(element: Element) -> Trigger:
    start = text(element, "StartBoundary")
    moment = re.match(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})", start)
    at = moment[2] if moment else None
    delay = span(element, "Delay") or span(element, "RandomDelay")
    every = span(element, "Repetition", "Interval")
    if every:
        return Trigger(Kind.INTERVAL, every, at=at, delay_minutes=delay)
    if tag(element) == "CalendarTrigger":
        return _calendar(element, at, delay)
    kind = _KINDS.get(tag(element), Kind.OTHER)
    once = f"{moment[1]}T{at}" if kind is Kind.ONCE and moment else None
    return Trigger(kind, at=once, delay_minutes=delay)


def _calendar(element: Element, at: str | None, delay: float | None) -> Trigger:
    if (week := child(element, "ScheduleByWeek")) is not None:
        return Trigger(Kind.WEEKLY, at=at, days=tuple(_days(child(week, "DaysOfWeek"))), delay_minutes=delay)
    if (month := child(element, "ScheduleByMonth")) is not None:
        days = [
            text_of for each in child(month, "DaysOfMonth") or () if (text_of := (each.text or "").strip())
        ]
        numbers = tuple(int(day) if day.isdigit() else day.lower() for day in days)
        return Trigger(Kind.MONTHLY, at=at, days=numbers, delay_minutes=delay)
    if (month := child(element, "ScheduleByMonthDayOfWeek")) is not None:
        weeks = [_WEEKS.get((each.text or "").strip(), "first") for each in child(month, "Weeks") or ()]
        days = [f"{week} {day}" for week in weeks for day in _days(child(month, "DaysOfWeek"))]
        return Trigger(Kind.MONTHLY, at=at, days=tuple(days), delay_minutes=delay)
    interval = text(element, "ScheduleByDay", "DaysInterval")
    every = int(interval) * MINUTES_A_DAY if interval.isdigit() and 1 < int(interval) <= 365 else None
    return Trigger(Kind.DAILY, every, at=at, delay_minutes=delay)


def _days(element: Element | None) -> Iterator[str]:
    names = {tag(each) for each in element} if element is not None else set()
    return (short for name, short in _DAYS.items() if name in names)


def _losses(element: Element) -> Iterator[Loss]:
    if end := text(element, "EndBoundary"):
        yield Loss(f"its {_told(element)} ends at {end}", "Take its step out when that time has come.")
    if re.search(r"(Z|[+-]\d\d:\d\d)$", text(element, "StartBoundary")) and tag(element) == "CalendarTrigger":
        yield Loss(
            "its times are UTC's, and stay so when the clocks change",
            "Name the zone: timezone in rhythm.toml.",
        )
    weeks = text(element, "ScheduleByWeek", "WeeksInterval")
    if weeks.isdigit() and int(weeks) > 1:
        yield Loss(f"it ran only every {weeks} weeks", "Let the script look at the week itself.")
    for kind in ("ScheduleByMonth", "ScheduleByMonthDayOfWeek"):
        months = child(element, kind, "Months")
        if months is not None and 0 < len(months) < 12:
            yield Loss("it ran in some months only", "Let the script look at the month itself.")
    yield from _window(element)
    if tag(element) == "EventTrigger":
        yield event_query.loss(text(element, "Subscription"))


def _window(element: Element) -> Iterator[Loss]:
    """Tell of a repetition that ends: each day, or for good."""
    lasting = span(element, "Repetition", "Duration")
    if not span(element, "Repetition", "Interval") or lasting is None or lasting >= _NEVER_ENDS:
        return
    if tag(element) != "CalendarTrigger":
        shown = f"{lasting / MINUTES_A_DAY:g} days" if lasting >= MINUTES_A_DAY else f"{lasting:g} minutes"
        yield Loss(
            f"its repetition ended {shown} after it began; here it goes on", "Nothing, if that was not meant."
        )
    elif lasting < MINUTES_A_DAY:
        what = f"it ran only during {lasting / 60:g} h of its days"
        yield Loss(what, "Let the script look at the clock, or leave it to run all day.")


def _told(element: Element) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", tag(element)).lower()
