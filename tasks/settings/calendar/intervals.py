"""Equal intervals: `every = "10m"`. What a clock change or a month's length must not touch is arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tasks.settings.calendar.slot import Slot

# A Monday: slots of a week begin with one.
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)


def interval_at(every: timedelta, now: datetime, zone: ZoneInfo, anchor: datetime | None = None) -> Slot:
    """Return the slot of equal length that `now` lies in, in UTC.

    One of them begins at `anchor`. Without one they are aligned to the zone's standard time: standard time,
    since a clock change would otherwise make one slot an hour longer or shorter; the zone's, since an hour
    begins at :30 in Kolkata.
    """
    if anchor is None:
        local = now.astimezone(zone)
        standard = (local.utcoffset() or timedelta()) - (local.dst() or timedelta())
        anchor = _MONDAY - standard
    start = anchor + (now - anchor) // every * every
    return Slot(start, start + every)


def starts(
    every: timedelta, since: datetime, until: datetime, zone: ZoneInfo, anchor: datetime | None
) -> Iterator[datetime]:
    """Yield when the slots of equal length begin that do so in [since, until)."""
    at = interval_at(every, since - timedelta(microseconds=1), zone, anchor).end
    while at < until:
        yield at
        at += every
