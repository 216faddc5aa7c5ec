"""What is expected of a series: the level of its last days, and what is usual at an hour beside it."""

from __future__ import annotations

from datetime import datetime, timedelta

from tasks.builtin.analysis.rolling import MOST, Rolling
from tasks.builtin.analysis.season import Season


class Baseline:
    """The level of the last `span`, whole days so that no hour weighs more, and the season beside it.

    Where values are rare the level is that of the last `least` of them, however old.
    """

    def __init__(self, span: timedelta, least: int) -> None:
        self._values = Rolling(MOST, span, least)
        self._season = Season()

    def level(self, value: float) -> float:
        """Return the level before `value`; `value` itself if it is the first.

        It is the mean of the quartiles: steadier than a median where day and night are two levels.
        """
        if not len(self._values):
            return value
        return sum(self._values.quantile(part) for part in (0.25, 0.5, 0.75)) / 3

    def expected(self, at: datetime, value: float, level: float) -> float:
        """Return what is expected at this hour, given the level: what is nearer to `value` (see `Season`)."""
        return level + self._season.usual(at, value - level)

    def add(self, at: datetime, value: float, level: float) -> None:
        """Learn a value, given the level before it; times in order."""
        self._season.add(at, value - level)
        self._values.add(at, value)
