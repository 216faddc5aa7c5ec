"""What a series usually does at an hour of the day, beside what it does all day."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from statistics import median

#: Days that an hour's figure is the median of: the last two weeks, so that a change of habit is learnt
#: within one …
DAYS = 14
#: … and how many there must be: of fewer, one bad day would make the season.
LEAST_DAYS = 3
#: A series that has values at all hours has a season after so long.
KNOWN_AFTER = timedelta(days=LEAST_DAYS, hours=1)


class Season:
    """The usual difference from the day's level, by hour of the day; 0 for hours not yet known.

    An hour counts once a day, by its median: neither a spike nor a busy hour with many values weighs more.
    """

    def __init__(self) -> None:
        self._days: list[deque[float]] = [deque(maxlen=DAYS) for _ in range(24)]
        self._usual = [0.0] * 24
        self._hour: tuple[int, int] | None = None  # day and hour that values are gathered of
        self._values: list[float] = []

    def usual(self, at: datetime) -> float:
        """Return the usual difference at this hour."""
        return self._usual[at.hour]

    def add(self, at: datetime, difference: float) -> None:
        """Learn a difference from the day's level; times in order. It counts when its hour is over."""
        hour = at.toordinal(), at.hour
        if hour != self._hour:
            if self._hour is not None:
                self._close(self._hour[1])
            self._hour = hour
        self._values.append(difference)

    def _close(self, hour: int) -> None:
        days = self._days[hour]
        days.append(median(self._values))
        self._values.clear()
        if len(days) >= LEAST_DAYS:
            self._usual[hour] = median(days)
