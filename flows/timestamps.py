"""Timestamps as text, for machines and for people."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def iso(time: datetime | None, zone: ZoneInfo) -> str | None:
    """Given a time, return it in ISO 8601 with the zone's offset, to the second."""
    return time.astimezone(zone).isoformat(timespec="seconds") if time else None


def brief(time: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Given a time, return its time of day, with the date where that is not today's: "Mon 30 Nov 07:00"."""
    local, today = time.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return clock(time, zone)
    year = f" {local.year}" if abs((local.date() - today).days) > 300 else ""
    return f"{local:%a %d %b}{year} {clock(time, zone)}"


def clock(time: datetime, zone: ZoneInfo) -> str:
    """Given a time, return its time of day; of one that comes twice, which: "02:30 (first, UTC+02:00)"."""
    local = time.astimezone(zone)
    text = f"{local:%H:%M}"
    other = local.replace(fold=1 - local.fold)
    if other.utcoffset() == local.utcoffset():
        return text
    if other.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        return text
    return f"{text} ({'second' if local.fold else 'first'}, {_offset(local)})"


def _offset(local: datetime) -> str:
    text = f"{local:%z}"
    return f"UTC{text[:3]}:{text[3:5]}"
