"""Trends: what goes up or down for certain and by enough; noise and outliers are stable."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tasks.analysis.trends import Point, Trend, figures, report, trend_of

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
DICE = random.Random(5)


def points(means: Sequence[float], count: int = 1) -> list[Point]:
    return [
        Point(NOON + timedelta(minutes=30 * index), count, mean, mean - 1, mean + 1)
        for index, mean in enumerate(means)
    ]


@pytest.mark.parametrize(
    ("means", "trend"),
    [
        ([20 + index for index in range(48)], Trend.UP),
        ([80 - index for index in range(48)], Trend.DOWN),
        ([50.0] * 48, Trend.STABLE),
        ([50 + 0.05 * index for index in range(48)], Trend.STABLE),  # certain, but only 5 %
        ([50 + DICE.gauss(0, 10) for _ in range(48)], Trend.STABLE),
        ([20 + index + DICE.gauss(0, 5) for index in range(48)], Trend.UP),
        ([20 + index if index % 5 else 1000 for index in range(48)], Trend.UP),  # outliers do not hide it
        ([50.0] * 47 + [1000.0], Trend.STABLE),  # nor make one
        ([20 + index for index in range(9)], Trend.UNKNOWN),
        ([], Trend.UNKNOWN),
        ([0.0] * 48, Trend.STABLE),
    ],
)
def test_which_way_it_goes(means: list[float], trend: Trend) -> None:
    assert trend_of(points(means))[0] is trend


def test_the_change_is_over_the_whole_stretch() -> None:
    assert trend_of(points([20.0 + index for index in range(49)]))[1] == pytest.approx(48)


def test_noise_is_seldom_a_trend() -> None:
    found = [trend_of(points([DICE.lognormvariate(0, 0.5) for _ in range(48)]))[0] for _ in range(200)]
    assert sum(trend is not Trend.STABLE for trend in found) <= 6


def test_figures_weigh_buckets_by_their_values() -> None:
    found = figures([*points([10.0], count=3), *points([50.0], count=1)])
    assert found is not None
    assert (found.count, found.mean, found.low, found.high) == (4, 20.0, 9.0, 51.0)
    assert figures([]) is None


def test_the_same_hours_before_are_compared() -> None:
    found = report("CPU", "%", points([50.0] * 20), points([40.0] * 20))
    assert found.against_before == pytest.approx(0.25)
    assert report("CPU", "%", points([50.0] * 20), []).against_before is None
    assert report("CPU", "%", points([50.0] * 20), points([0.0] * 20)).against_before is None
