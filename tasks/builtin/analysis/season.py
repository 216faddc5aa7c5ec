"""What a series usually does at an hour of the day or of the week, beside what it does all the time."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from statistics import median

#: Days that an hour's figure is the median of: the last two weeks, so that a change of habit is learnt
#: within one …
DAYS = 14
#: … and how many there must be: of fewer, one bad day would make the season.
LEAST_DAYS = 3
#: The same for an hour of the week: the last two months, and at least three weeks.
WEEKS, LEAST_WEEKS = 8, 3
#: A series that has values at all hours has a season after so long.
KNOWN_AFTER = timedelta(days=LEAST_DAYS, hours=1)


class Season:
    """The usual difference from the level, by hour of the day and of the week; 0 for hours not yet known.

    An hour counts once a day, by its median: neither a spike nor a busy hour with many values weighs more.
    """

    def __init__(self) -> None:
        self._by_day = [_Hour(DAYS, LEAST_DAYS) for _ in range(24)]
        self._by_week = [_Hour(WEEKS, LEAST_WEEKS) for _ in range(7 * 24)]
        self._hour: datetime | None = None  # the hour that values are gathered of
        self._values: list[float] = []

    def usual(self, at: datetime, difference: float) -> float:
        """Return what is usual at this hour of the day or the week, whichever is nearer to `difference`."""
        of_day = self._by_day[at.hour].usual or 0.0
        of_week = self._by_week[24 * at.weekday() + at.hour].usual
        if of_week is None or abs(difference - of_day) <= abs(difference - of_week):
            return of_day
        return of_week

    def add(self, at: datetime, difference: float) -> None:
        """Learn a difference from the level; times in order. It counts when its hour is over."""
        now = self._hour
        if now is None or (at.hour, at.day, at.month, at.year) != (now.hour, now.day, now.month, now.year):
            if now is not None:
                self._close(now)
            self._hour = at
        self._values.append(difference)

    def _close(self, hour: datetime) -> None:
        middle = median(self._values)
        self._values.clear()
        self._by_day[hour.hour].add(middle)
        self._by_week[24 * hour.weekday() + hour.hour].add(middle)


class _Hour:
    """The median of the last figures of one hour, None while there are fewer than `least`."""

    def __init__(self, most: int, least: int) -> None:
        self._least = least
        self._figures: deque[float] = deque(maxlen=most)
        self.usual: float | None = None

    def add(self, figure: float) -> None:
        self._figures.append(figure)
        if len(self._figures) >= self._least:
            self.usual = median(self._figures)
