"""Trends: what goes up or down for certain and by enough; noise and outliers are stable."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tasks.builtin.analysis.trends import Trend, TrendPoint, differences, figures, report

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
DICE = random.Random(5)


def points(means: Sequence[float], start: datetime = NOON, count: int = 1) -> list[TrendPoint]:
    return [
        TrendPoint(start + timedelta(minutes=30 * index), count, mean, mean - 1, mean + 1)
        for index, mean in enumerate(means)
    ]


def trend(today: Sequence[float], yesterday: Sequence[float]) -> Trend:
    back, width = timedelta(hours=24), timedelta(minutes=30)
    return report("CPU", "%", points(today), points(yesterday, NOON - back), back, width).trend


def daily(level: float, noise: float = 3.0, rise: float = 0.0) -> list[float]:
    """A day that is busier at noon than at night, as half-hour means."""
    return [
        level + 20 * math.sin(2 * math.pi * index / 48) + rise * index + DICE.gauss(0, noise)
        for index in range(48)
    ]


@pytest.mark.parametrize(
    ("today", "yesterday", "expected"),
    [
        ([70.0] * 48, [50.0] * 48, Trend.UP),
        ([30.0] * 48, [50.0] * 48, Trend.DOWN),
        ([50.0] * 48, [50.0] * 48, Trend.STABLE),
        ([54.0] * 48, [50.0] * 48, Trend.STABLE),  # certain, but only 7 %
        (daily(50), daily(50), Trend.STABLE),  # the day itself is no trend
        (daily(65), daily(50), Trend.UP),
        (daily(60, rise=0.5), daily(60, rise=0.0), Trend.STABLE),  # it began during the day
        ([50.0] * 40 + [500.0] * 8, [50.0] * 48, Trend.STABLE),  # an outlier is none
        ([70.0] * 40 + [0.0] * 2 + [70.0] * 6, [50.0] * 48, Trend.UP),  # nor does one hide a trend
        ([70.0] * 48, [50.0] * 15, Trend.UNKNOWN),
        ([70.0] * 48, [], Trend.UNKNOWN),
        ([], [50.0] * 48, Trend.UNKNOWN),
        ([0.0] * 48, [0.0] * 48, Trend.STABLE),
    ],
)
def test_which_way_it_goes(today: list[float], yesterday: list[float], expected: Trend) -> None:
    assert trend(today, yesterday) is expected


def test_a_leak_of_days_is_a_trend_from_the_second_day_on() -> None:
    leak = [100 + index for index in range(96)]
    assert trend(leak[48:], leak[:48]) is Trend.UP


@pytest.mark.parametrize("start", range(0, 24, 3))
def test_a_daily_rhythm_is_seldom_a_trend_whatever_the_hour(start: int) -> None:
    found = []
    for _ in range(50):
        two_days = [*daily(50, noise=8), *daily(50, noise=8), *daily(50, noise=8)]
        found.append(trend(two_days[2 * start + 48 :][:48], two_days[2 * start :][:48]))
    assert sum(each is not Trend.STABLE for each in found) <= 3


def test_buckets_that_do_not_fit_the_day_are_paired_with_the_nearest() -> None:
    back, width = timedelta(hours=24), timedelta(minutes=12.5)
    today = [TrendPoint(NOON + index * width, 1, 70.0, 0, 0) for index in range(40)]
    aside = [TrendPoint(NOON - back + index * width + width / 3, 1, 50.0, 0, 0) for index in range(40)]
    assert differences(today, aside, back, width) == [20.0] * 40


def test_figures_weigh_buckets_by_their_values() -> None:
    found = figures([*points([10.0], count=3), *points([50.0], count=1)])
    assert found is not None
    assert (found.count, found.mean, found.low, found.high) == (4, 20.0, 9.0, 51.0)
    assert figures([]) is None


def test_the_same_hours_before_are_compared() -> None:
    back, width = timedelta(hours=24), timedelta(minutes=30)

    def against(today: Sequence[float], before: Sequence[float]) -> float | None:
        return report("CPU", "%", points(today), points(before, NOON - back), back, width).against_before

    assert against([50.0] * 20, [40.0] * 20) == pytest.approx(0.25)
    assert against([50.0] * 20, []) is None
    assert against([50.0] * 20, [0.0] * 20) is None
