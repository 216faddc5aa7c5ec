"""How often triggers come. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from deployments.adopt.job import MINUTES_A_DAY, Kind, Trigger
from deployments.adopt.schedules.cron_fields import runs_a_day

_A_MONTH = MINUTES_A_DAY * 365.2425 / 12


def minutes_between(triggers: Iterable[Trigger]) -> float | None:
    """Return the mean time between a job's runs, in minutes; None if no clock sets them off."""
    a_day = sum(runs(trigger) for trigger in triggers)
    return MINUTES_A_DAY / a_day if a_day else None


def runs(trigger: Trigger) -> float:
    """Return how many runs a day a trigger sets off, on average; 0 if that is not up to the clock."""
    match trigger.kind:
        case Kind.INTERVAL:
            return MINUTES_A_DAY / trigger.every_minutes if trigger.every_minutes else 0.0
        case Kind.DAILY:
            return MINUTES_A_DAY / (trigger.every_minutes or MINUTES_A_DAY)
        case Kind.WEEKLY:
            return max(len(trigger.days), 1) / 7
        case Kind.MONTHLY:
            return max(len(trigger.days), 1) * MINUTES_A_DAY / _A_MONTH
        case Kind.CRON:
            return runs_a_day(trigger.cron) if trigger.cron else 0.0
        case _:
            return 0.0


def in_words(triggers: Iterable[Trigger]) -> str:
    """Return triggers in words: "every 10 min", "daily 03:00, at logon"."""
    return ", ".join(dict.fromkeys(_described(trigger) for trigger in triggers)) or "never"


def _described(trigger: Trigger) -> str:
    at = f" {trigger.at}" if trigger.at else ""
    days = " ".join(str(day) for day in trigger.days)
    match trigger.kind:
        case Kind.INTERVAL:
            every = f"every {span(trigger.every_minutes)}" if trigger.every_minutes else "repeatedly"
            return f"{every} from{at}" if at else every
        case Kind.DAILY:
            every = f"every {span(trigger.every_minutes)}" if trigger.every_minutes else "daily"
            return every + at
        case Kind.WEEKLY:
            return f"weekly {days}{at}".replace("  ", " ")
        case Kind.MONTHLY:
            return f"monthly {days}{at}".replace("  ", " ")
        case Kind.CRON:
            return f"cron {trigger.cron}"
        case Kind.ONCE:
            return f"once{at}"
        case Kind.OTHER:
            return "at something else"
        case kind:
            return f"at {kind}"


def span(minutes: float | None) -> str:
    """Return minutes in words: "10 min", "2 h", "3 d", "30 s"."""
    if minutes is None:
        return "–"
    for unit, size in (("d", MINUTES_A_DAY), ("h", 60.0)):
        if minutes >= size and minutes % size == 0:
            return f"{minutes / size:g} {unit}"
    return f"{minutes:g} min" if minutes >= 1 else f"{minutes * 60:g} s"
