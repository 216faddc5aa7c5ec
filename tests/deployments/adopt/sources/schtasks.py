"""What schtasks makes of its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from deployments.adopt.commands import windows_argv
from tests.deployments.adopt.sources import task_xml as written


def _options(words: Sequence[str]) -> dict[str, str]:
    """Return what one call of schtasks, perhaps by cmd, is given, by names in lower case."""
    if words[0] == "cmd":
        words = windows_argv.split(" ".join(words[2:]))
    found: dict[str, str] = {}
    name = ""
    for word in words[1:]:
        if word.startswith("/"):
            name = word[1:].lower()
        found[name] = "" if word.startswith("/") else word
    return found


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def created(call: Sequence[str]) -> str | None:
    """Given the words of a call, of schtasks or of cmd with one, return the XML of the task that it makes.

    Source: Microsoft's reference of schtasks create.
    """
    given = _options(call)
    if "create" not in given:
        return None
    quote = given["tr"][:1] if given.get("tr", "")[:1] in ("'", '"') else " "
    command, _, arguments = given.get("tr", "").removeprefix(quote.strip()).partition(quote)
    level = "HighestAvailable" if given.get("rl", "").upper() == "HIGHEST" else "LeastPrivilege"
    return written.task(
        _on_schedule(given),
        written.execute(command, arguments.strip()) if "tr" in given else "",
        "",
        uri="\\" + escape(given["tn"].lstrip("\\")),
        principal=written.element("UserId", given.get("ru")) + written.element("RunLevel", level),
    )


def _on_schedule(given: Mapping[str, str]) -> str:
    every = given.get("mo", "1")
    start = written.element("StartBoundary", f"2031-01-01T{given['st']}:00" if "st" in given else "")
    if "delay" in given:
        minutes, seconds = given["delay"].split(":")
        start += written.element("Delay", f"PT{int(minutes)}M{int(seconds)}S")
    match given.get("sc", "").upper():
        case "MINUTE" | "HOURLY" as unit:
            interval = written.element("Interval", f"PT{every}{unit[0]}")
            return f"<TimeTrigger>{start}<Repetition>{interval}</Repetition></TimeTrigger>"
        case "DAILY":
            return written.calendar(start, "Day", written.element("DaysInterval", every))
        case "WEEKLY":
            days = written.days_of_week(_weekdays(given["d"]))
            return written.calendar(start, "Week", written.element("WeeksInterval", every) + days)
        case "MONTHLY" if every.isalpha():
            week = f"<Weeks><Week>{every.capitalize()}</Week></Weeks>"
            return written.calendar(
                start, "MonthDayOfWeek", week + written.days_of_week(_weekdays(given["d"]))
            )
        case "MONTHLY":
            day = written.element("Day", given.get("d", "1"))
            return written.calendar(start, "Month", f"<DaysOfMonth>{day}</DaysOfMonth>")
        case "ONEVENT":
            query = f'<Select Path="{given["ec"]}">{every}</Select>'
            return f"<EventTrigger>{start}{written.element('Subscription', query)}</EventTrigger>"
        case schedule:
            names = {"ONCE": "Time", "ONLOGON": "Logon", "ONIDLE": "Idle"}
            return f"<{names[schedule]}Trigger>{start}</{names[schedule]}Trigger>" if schedule else ""


def _weekdays(short: str) -> list[str]:
    return [day for day in _DAYS if day[:3].upper() in short.upper().split(",")]
