"""Slots: the windows of the wall clock that a group's runs belong to. Pure; times in, times out."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tasks.settings.calendar.intervals import interval_at
from tasks.settings.calendar.slot import Slot as Slot
from tasks.settings.groups import GroupSettings

#: How often the rhythm beats. prefect.yaml schedules it so; a test holds the two together.
BEAT = timedelta(minutes=5)


def slot_at(group: GroupSettings, now: datetime, zone: ZoneInfo) -> Slot:
    """Return the slot of `group` that the time `now` lies in. `zone` is for a group without its own."""
    return group.calendar.slot_at(now, group.zone or zone)


def next_beat(now: datetime) -> datetime:
    """Return when the rhythm beats next after `now`, in UTC."""
    return interval_at(BEAT, now, ZoneInfo("UTC")).end
