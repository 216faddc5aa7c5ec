"""Slots: the wall-clock windows that a group's runs belong to. Pure; times in, times out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tasks.settings.groups import GroupSettings

#: How often the rhythm beats. prefect.yaml schedules it so; a test holds the two together.
BEAT = timedelta(minutes=5)

# A Monday: slots of a week begin with one.
_ANCHOR = datetime(1970, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Slot:
    """A window [start, end), both in UTC."""

    start: datetime
    end: datetime

    def __contains__(self, time: datetime) -> bool:
        return self.start <= time < self.end


def slot_at(group: GroupSettings, now: datetime, zone: ZoneInfo) -> Slot:
    """Return the slot of `group` that the time `now` lies in."""
    now = now.astimezone(UTC)
    if group.at is not None:
        return _daily(group.at, now, zone)
    if group.every is None:  # pragma: no cover - settings have exactly one of the two
        raise ValueError("a group has exactly one of `every` and `at`")
    return _interval(group.every, now, zone)


def next_beat(now: datetime) -> datetime:
    """Return when the rhythm beats next after `now`, in UTC."""
    return _interval(BEAT, now.astimezone(UTC), ZoneInfo("UTC")).end


def _interval(every: timedelta, now: datetime, zone: ZoneInfo) -> Slot:
    """Slots of equal length, aligned to the zone's standard time.

    Standard time, since a clock change would otherwise make one slot an hour longer or shorter;
    the zone's, since an hour begins at :30 in Kolkata.
    """
    local = now.astimezone(zone)
    standard = (local.utcoffset() or timedelta()) - (local.dst() or timedelta())
    anchor = _ANCHOR - standard
    start = anchor + (now - anchor) // every * every
    return Slot(start, start + every)


def _daily(at: time, now: datetime, zone: ZoneInfo) -> Slot:
    """From one day's `at` to the next day's, by the zone's clock.

    A time that a clock change skips is taken as if the clock had not been changed yet (02:30 is then
    03:30); of one that comes twice, the first counts: either way once a day.
    """
    today = now.astimezone(zone).date()
    starts = sorted(
        datetime.combine(today + timedelta(days=days), at, tzinfo=zone).astimezone(UTC)
        for days in range(-2, 3)
    )
    start = max(time for time in starts if time <= now)
    return Slot(start, min(time for time in starts if time > now))
