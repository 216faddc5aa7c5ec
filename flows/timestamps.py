"""Timestamps as text for machines."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def iso(time: datetime | None, zone: ZoneInfo) -> str | None:
    """Given a time, return it in ISO 8601 with the zone's offset, to the second."""
    return time.astimezone(zone).isoformat(timespec="seconds") if time else None
