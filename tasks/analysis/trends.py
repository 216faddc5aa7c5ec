"""Which way a figure goes: within a stretch of hours, and against the same hours of the days before.

A trend needs three things: a slope that is not chance (Theil-Sen, with Mann-Kendall on bucket means at
p < 0.01, as means of neighbouring buckets are alike and 0.05 would be too easily had), a change over the
stretch that matters (`LEAST_PART` of the middle and more than the figure's own scatter), and enough
buckets to tell. Anything else is stable, or too little data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import fmean, median

from tasks.analysis.percentiles import percentile
from tasks.analysis.robust import spread
from tasks.analysis.slope import mann_kendall, theil_sen

#: With fewer buckets neither slope nor chance can be told: 10 is where Mann-Kendall's normal
#: approximation begins to hold.
ENOUGH = 10
P = 0.01
#: A change over the stretch below this part of the middle is nothing that anybody would notice.
LEAST_PART = 0.1


class Trend(StrEnum):
    """Which way it goes."""

    UP = "up"
    DOWN = "down"
    STABLE = "stable"
    UNKNOWN = "too little data"


@dataclass(frozen=True, slots=True)
class Point:
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

    `change` is over the whole stretch, in the figure's unit; `before` is None without data.
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


def figures(points: Sequence[Point]) -> Figures | None:
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


def trend_of(points: Sequence[Point]) -> tuple[Trend, float]:
    """Given buckets, oldest first, return which way they go, and by how much over the whole stretch."""
    if len(points) < ENOUGH:
        return Trend.UNKNOWN, 0.0
    start = points[0].at
    hours = [(point.at - start).total_seconds() / 3600 for point in points]
    means = [point.mean for point in points]
    slope = theil_sen(list(zip(hours, means, strict=True)))
    change = slope * hours[-1]
    # What is left once the slope is taken out is the figure's own scatter.
    _, scatter = spread([mean - slope * hour for mean, hour in zip(means, hours, strict=True)])
    matters = abs(change) > max(LEAST_PART * abs(median(means)), scatter)
    if not matters or mann_kendall(means) >= P:
        return Trend.STABLE, change
    return (Trend.UP if change > 0 else Trend.DOWN), change


def report(name: str, unit: str, points: Sequence[Point], before: Sequence[Point]) -> TrendReport:
    """Given a figure's buckets of the stretch and of the same hours before, return its report."""
    trend, change = trend_of(points)
    return TrendReport(name, unit, trend, figures(points), change, figures(before))
