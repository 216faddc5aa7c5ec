"""Times as text, for machines and for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

# Further away than that, a date without its year could be one of another year.
_HALF_A_YEAR = timedelta(days=180)


def iso(time: datetime | None, zone: ZoneInfo) -> str | None:
    """Given a time, return it in ISO 8601 with the zone's offset, to the second."""
    return time.astimezone(zone).isoformat(timespec="seconds") if time else None


def clock(time: datetime, zone: ZoneInfo, now: datetime, *, seconds: bool = False) -> str:
    """Given a time, return it as people read it at the time `now`: with its date, if that is not today.

    `seconds` are shown of a time of today alone.
    """
    local = time.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return f"{local:%H:%M:%S}" if seconds else time_of_day(time, zone)
    date = f"{local:%a %d %b}" if abs(time - now) < _HALF_A_YEAR else f"{local:%Y-%m-%d}"
    return f"{date} {time_of_day(time, zone)}"


def time_of_day(time: datetime, zone: ZoneInfo) -> str:
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
