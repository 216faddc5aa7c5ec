"""The latest values of a series, in order of size as well, so that their quantiles cost nothing."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from datetime import datetime, timedelta

#: The most values of a series that are worth keeping: a week of one a minute.
MOST = 10_080


class Rolling:
    """The latest `most` values; with a `span` only those since that long, but never fewer than `least`.

    Adding one costs two binary searches and moving part of a list: some microseconds for thousands.
    """

    def __init__(self, most: int, span: timedelta | None = None, least: int = 1) -> None:
        self._most, self._span, self._least = most, span, least
        self._latest: deque[tuple[datetime, float]] = deque()
        self._ranked: list[float] = []

    def __len__(self) -> int:
        return len(self._ranked)

    def add(self, at: datetime, value: float) -> None:
        """Add a value, not older than the last one, and drop what is too old."""
        self._latest.append((at, value))
        insort(self._ranked, value)
        while len(self._latest) > self._most or self._oldest_is_out(at):
            _, dropped = self._latest.popleft()
            del self._ranked[bisect_left(self._ranked, dropped)]

    def quantile(self, part: float) -> float:
        """Return the value below which `part` (0 to 1) of them lie. Raises IndexError without any."""
        return self._ranked[int(part * (len(self._ranked) - 1))]

    def _oldest_is_out(self, now: datetime) -> bool:
        if self._span is None or len(self._latest) <= self._least:
            return False
        return now - self._latest[0][0] >= self._span
