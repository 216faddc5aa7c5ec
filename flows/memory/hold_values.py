"""What the variables of pauses and skips are called, and what their values mean. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flows.decisions.holds import Holds, Pause
from flows.decisions.slots import Slot
from flows.memory import naming
from tasks.settings.rhythm_toml import Settings

_PAUSED, _SKIPPED = "paused", "skipped"


def names(settings: Settings) -> list[str]:
    """Return the variables that there may be."""
    pauses = [pause_name(settings), *(pause_name(settings, group) for group in settings.groups)]
    return pauses + [skip_name(settings, group) for group in settings.groups]


def query(names: Sequence[str]) -> dict[str, Any]:
    """Return what Prefect's /variables/filter is asked, for no more names than a page has."""
    return {"variables": {"name": {"any_": list(names)}}, "limit": len(names)}


def holds(values: Mapping[str, object], settings: Settings) -> Holds:
    """Given the values of the variables that there are, return what is paused and left out."""
    pauses = {
        group: _as_pause(values[name], settings.zone)
        for group in settings.groups
        if (name := pause_name(settings, group)) in values
    }
    skips = {
        group: _as_slot(values.get(skip_name(settings, group)), settings.zone) for group in settings.groups
    }
    name = pause_name(settings)
    return Holds(
        all=_as_pause(values[name], settings.zone) if name in values else None,
        groups=pauses,
        skips={group: slot for group, slot in skips.items() if slot},
    )


def pause_name(settings: Settings, group: str | None = None) -> str:
    """Return the variable of a group's pause, or of the pause of all."""
    return naming.variable(settings, _PAUSED, group)


def skip_name(settings: Settings, group: str) -> str:
    """Return the variable of a group's slot that is left out."""
    return naming.variable(settings, _SKIPPED, group)


def _as_pause(value: object, zone: ZoneInfo) -> Pause:
    """Return the pause that a variable stands for: one without an end, if it is no time."""
    return Pause(_as_time(str(value), zone))


def _as_slot(value: object, zone: ZoneInfo) -> Slot | None:
    """Return the slot that a variable stands for; None if somebody has written something else there."""
    first, _, last = str(value).partition("/")
    start, end = _as_time(first, zone), _as_time(last, zone)
    return Slot(start, end) if start and end else None


def _as_time(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not 1970 <= time.year < 9000:  # what lies beyond has no time of another zone
        return None
    return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
