"""A calendar as people say it: "weekdays at 09:00 and 18:00 (Europe/Berlin)"."""

from __future__ import annotations

from datetime import timedelta

from tasks.settings.calendar.calendar import Calendar
from tasks.settings.calendar.days import listed
from tasks.settings.calendar.period import Months, Period

_UNITS = {
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
}


def phrase(calendar: Calendar, zone: str | None = None) -> str:
    """Return when a group comes due; `zone` is named if the calendar goes by one of its own."""
    said = []
    if calendar.cron:
        said.append(f"cron {calendar.cron.written}")
    elif calendar.every:
        said.append(f"every {_period(calendar.every)}")
        said += [f"from {calendar.start:%Y-%m-%d %H:%M}"] if calendar.start else []
        said += [str(calendar.between)] if calendar.between else []
        said += [str(calendar.days)] if calendar.days else []
    else:
        said.append(str(calendar.days) if calendar.days else "daily")
        said.append(f"at {listed([f'{each:%H:%M}' for each in calendar.at])}")
    if calendar.exceptions:
        said.append(f"except {listed([str(each) for each in calendar.exceptions])}")
    return " ".join(said) + (f" ({zone})" if zone else "")


def _period(period: Period) -> str:
    """Return a period in words: "10 minutes", "week", "3 months"."""
    if isinstance(period, Months):
        return str(period).removeprefix("1 ")
    unit, size = next((pair for pair in _UNITS.items() if period % pair[1] == timedelta()), ("second", None))
    count = period / (size or _UNITS["second"])
    return unit if count == 1 else f"{count:g} {unit}s"
