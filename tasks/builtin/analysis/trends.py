"""Which way a figure goes: the last hours against the same hours of the day before.

A slope within a day only follows the day: the CPU is busier at noon than at night. So every bucket is
compared with the one at the same time of the day before, and the stretch cut into eight parts: it is a
trend if the median difference has the same sign in all of them (a sign test: by chance p = 2/2^8 =
0.008; parts of three hours are as good as independent, as neighbouring buckets are not), and if the
median difference of all is `LEAST_PART` of the middle or more. Anything else is stable, or too little
data. A leak of days is seen as well as a new load; what began an hour ago is not yet a trend.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import fmean, median

from tasks.builtin.analysis.percentiles import percentile

#: Parts that must agree, and pairs of buckets that each must have.
PARTS, LEAST_PAIRS = 8, 2
#: A change below this part of the middle is nothing that anybody would notice.
LEAST_PART = 0.1


class Trend(StrEnum):
    """Which way it goes."""

    UP = "up"
    DOWN = "down"
    STABLE = "stable"
    UNKNOWN = "too little data"


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """What was measured in one bucket, which begins `at`: how many values, their mean, lowest, highest."""

    at: datetime
    count: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figures:
    """A figure over a stretch, in its own unit. `count` values in all.

    `deviation` is the standard deviation and `p95` the 95th percentile of the buckets' means.
    """

    count: int
    mean: float
    low: float
    high: float
    deviation: float
    p95: float


@dataclass(frozen=True, slots=True)
class TrendReport:
    """One figure: what it was, which way it goes, and what it was in the same hours before.

    `change` is the median difference, in the figure's unit; `before` is None without data.
    """

    name: str
    unit: str
    trend: Trend
    figures: Figures | None
    change: float
    before: Figures | None

    @property
    def against_before(self) -> float | None:
        """The mean by the mean before, less 1: 0.25 is a quarter more. None without either."""
        if not self.figures or not self.before or self.before.mean == 0:
            return None
        return self.figures.mean / self.before.mean - 1


def figures(points: Sequence[TrendPoint]) -> Figures | None:
    """Given buckets, return the figures of all their values; None without any."""
    count = sum(point.count for point in points)
    if not count:
        return None
    means = [point.mean for point in points]
    mean = sum(point.mean * point.count for point in points) / count
    return Figures(
        count=count,
        mean=mean,
        low=min(point.low for point in points),
        high=max(point.high for point in points),
        deviation=math.sqrt(fmean((each - mean) ** 2 for each in means)),
        p95=percentile(means, 0.95),
    )


def differences(
    points: Sequence[TrendPoint], before: Sequence[TrendPoint], back: timedelta, width: timedelta
) -> list[float]:
    """Return by how much each bucket differs from the one `back` before it; none without such a one.

    Buckets are `width` long; the one before may lie up to half of that aside.
    """
    slots = {round((point.at + back).timestamp() / width.total_seconds()): point for point in before}
    pairs = ((point, slots.get(round(point.at.timestamp() / width.total_seconds()))) for point in points)
    return [point.mean - earlier.mean for point, earlier in pairs if earlier]


def trend_of(found: Sequence[float], middle: float) -> tuple[Trend, float]:
    """Given differences, oldest first, and the figure's middle, return which way it goes, and by how much."""
    if len(found) < PARTS * LEAST_PAIRS:
        return Trend.UNKNOWN, 0.0
    change = median(found)
    edges = [len(found) * part // PARTS for part in range(PARTS + 1)]
    parts = [median(found[begin:end]) for begin, end in pairwise(edges)]
    agree = all(part > 0 for part in parts) or all(part < 0 for part in parts)
    if not agree or abs(change) < LEAST_PART * abs(middle):
        return Trend.STABLE, change
    return (Trend.UP if change > 0 else Trend.DOWN), change


def report(
    name: str,
    unit: str,
    points: Sequence[TrendPoint],
    before: Sequence[TrendPoint],
    back: timedelta,
    width: timedelta,
) -> TrendReport:
    """Given buckets `width` long, and those of the same hours `back` before, return the figure's report."""
    middle = median(point.mean for point in points) if points else 0.0
    trend, change = trend_of(differences(points, before, back, width), middle)
    return TrendReport(name, unit, trend, figures(points), change, figures(before))
