"""Slopes survive outliers, and noise is no trend."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.analysis.slope import MOST, mann_kendall, theil_sen, theil_sen_interval, thinned


@given(st.floats(-100, 100), st.floats(-100, 100), st.integers(2, 400))
def test_a_straight_line_has_its_own_slope(slope: float, start: float, count: int) -> None:
    line = [(float(x), start + slope * x) for x in range(count)]
    assert theil_sen(line) == pytest.approx(slope, rel=1e-6, abs=1e-6)


def test_a_quarter_of_wild_points_hardly_moves_it() -> None:
    line = [(float(x), 2.0 * x if x % 4 else 10_000.0) for x in range(100)]
    assert theil_sen(line) == pytest.approx(2.0, abs=0.2)


def test_the_interval_of_the_slope_holds_the_true_one_as_often_as_it_says() -> None:
    draw, within = random.Random(4), 0
    for _ in range(400):
        points = [(float(x), 2.0 * x + draw.gauss(0, 5)) for x in range(20)]
        low, high = theil_sen_interval(points, 0.9)
        assert low <= theil_sen(points) <= high
        within += low <= 2.0 <= high

    assert 0.86 < within / 400 < 0.94


@pytest.mark.parametrize("points", [[], [(1.0, 2.0)], [(1.0, 2.0), (1.0, 5.0)]])
def test_too_few_points_have_none(points: list[tuple[float, float]]) -> None:
    assert theil_sen(points) == 0.0


def test_what_only_rises_is_no_chance_and_what_is_constant_is_no_trend() -> None:
    assert mann_kendall(range(30)) < 1e-9
    assert mann_kendall([5.0] * 30) == 1.0
    assert mann_kendall([]) == mann_kendall([1.0]) == 1.0


def test_noise_is_called_a_trend_about_as_often_as_p_says() -> None:
    dice = random.Random(7)
    found = sum(mann_kendall([dice.gauss(0, 1) for _ in range(40)]) < 0.05 for _ in range(400))
    assert 5 <= found <= 40  # 20 are expected


def test_it_agrees_with_a_worked_example() -> None:
    # S = 8 of 10 pairs, variance 50/3: z = 7 / sqrt(16.67) = 1.7146, p = 0.0864
    assert mann_kendall([1, 2, 3, 5, 4]) == pytest.approx(0.0864, abs=1e-4)


@given(st.integers(0, 1000))
def test_thinning_keeps_both_ends_and_the_order(count: int) -> None:
    kept = list(thinned(range(count)))
    assert kept == sorted(set(kept))
    assert len(kept) == min(count, MOST)
    if count:
        assert (kept[0], kept[-1]) == (0, count - 1)
