"""What was unlike the days before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tasks.builtin.analysis.robust import spread
from tasks.store.measurements import Bucket

#: Fewer days do not establish what is usual.
LEAST_DAYS = 5
#: How far a day must lie from the median of the days before: so many of their deviations (by the median
#: absolute deviation; 3.5 is the convention of Iglewicz & Hoaglin, 1993, and few days ask for more), …
DEVIATIONS = 4.0
#: … and at least this part of the median: days that are all alike have no deviation at all.
LEAST_PART = 0.25


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A figure that was unlike the days before; all in the figure's own unit."""

    what: str
    value: float
    usual: float

    @property
    def is_more(self) -> bool:
        """Whether it was more than usual, not less."""
        return self.value > self.usual


def anomaly(what: str, value: float, before: Sequence[float]) -> Anomaly | None:
    """Given a day's figure and those of the days before, return it if it is unlike them."""
    if len(before) < LEAST_DAYS:
        return None
    usual, scatter = spread(before)
    if abs(value - usual) <= max(DEVIATIONS * scatter, LEAST_PART * abs(usual)):
        return None
    return Anomaly(what, value, usual)


def anomalies(days: Iterable[tuple[str, Sequence[float | None]]]) -> list[Anomaly]:
    """Given figures by day (the latest day first, None without data), return what is unlike the others."""
    found = []
    for what, values in days:
        if values and values[0] is not None:
            before = [value for value in values[1:] if value is not None]
            if one := anomaly(what, values[0], before):
                found.append(one)
    return found


def daily_means(
    buckets: Iterable[Bucket], names: Mapping[str, str], now: datetime, days: int
) -> list[tuple[str, list[float | None]]]:
    """Given buckets shorter than a day, return the mean of each of the last `days` times 24 hours.

    By the names to be shown; the latest 24 hours first.
    """
    sums: dict[str, list[tuple[float, int]]] = {name: [(0.0, 0)] * days for name in names}
    for bucket in buckets:
        age = (now - bucket.at) // timedelta(days=1)
        if bucket.name in sums and 0 <= age < days:
            total, count = sums[bucket.name][age]
            sums[bucket.name][age] = (total + bucket.mean * bucket.count, count + bucket.count)
    return [
        (names[name], [total / count if count else None for total, count in found])
        for name, found in sums.items()
    ]
