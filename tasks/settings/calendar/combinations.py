"""Which keys of a calendar go together, and whether anything comes of them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tasks.settings.calendar.calendar import Calendar

#: From when on it is looked for a first time. What is excepted ends at some time, so any day will do.
_FROM = date(2026, 1, 1)
_DAY = timedelta(days=1)


class Fault(NamedTuple):
    """What is wrong, at which key ("": the group as a whole), and what to do."""

    key: str
    problem: str
    remedy: str


def fault(calendar: Calendar) -> Fault | None:
    """Return what is wrong with a calendar; None if nothing is."""
    given = [name for name in ("every", "at", "cron") if getattr(calendar, name)]
    if len(given) != 1:
        remedy = 'Write every = "10m", at = "03:00", or cron = "0 7 * * 1-5".'
        return Fault(given[-1] if given else "", "needs exactly one of `every`, `at` and `cron`", remedy)
    return _lone_key(given[0], calendar) or _never(calendar)


def _lone_key(kind: str, calendar: Calendar) -> Fault | None:
    """Return which key says nothing, or something else than it seems to, beside the others."""
    if calendar.cron and calendar.days:
        return Fault("days", "does not go with `cron`", "Write the days into the fields of `cron`.")
    if calendar.between and kind != "every":
        remedy = {
            "at": "Write the times into `at`, or `every` in its place.",
            "cron": "Write the hours into the second field of `cron`: 8-19.",
        }[kind]
        return Fault("between", f"does not go with `{kind}`", remedy)
    if calendar.between and not (isinstance(calendar.every, timedelta) and calendar.every <= _DAY):
        remedy = 'Write at = "08:00" with `days`, or an `every` of at most a day.'
        return Fault("between", "needs an `every` of at most a day", remedy)
    if calendar.start and kind != "every":
        return Fault("from", f"does not go with `{kind}`", "Take it out: it is the anchor of `every`.")
    if calendar.start and calendar.between:
        remedy = "Take it out: `every` counts from the first time of `between` each day."
        return Fault("from", "does not go with `between`", remedy)
    return None


def _never(calendar: Calendar) -> Fault | None:
    """Return the fault of a calendar by which nothing ever comes."""
    if calendar.is_plain or calendar.first_time(_FROM, ZoneInfo("UTC")):
        return None
    if calendar.exceptions:
        return Fault("except", "leaves no time at all", "Except less, or choose other days or times.")
    if calendar.cron:
        return Fault("cron", "never comes", "Correct its day and month: there is no 31 February.")
    return Fault("days", "never comes together with `every`", "Choose days on which `every` comes as well.")
