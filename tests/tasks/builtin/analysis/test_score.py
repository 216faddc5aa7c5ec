"""The health score: what costs how many points."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.analysis.score import score
from tasks.settings.builtins import TrendSettings

DEFAULTS = TrendSettings()
percents = st.one_of(st.none(), st.floats(0, 100))


@pytest.mark.parametrize(
    ("cpu", "memory", "available", "points"),
    [
        (0, 0, [1.0], 100),
        (35, 45, [1.0], 100),
        (50, 45, [1.0], 100 - 35 / 3),
        (60, 45, [1.0], 100 - 35 * 2 / 3),
        (70, 45, [1.0], 65),
        (100, 45, [1.0], 65),
        (0, 80, [1.0], 65),
        (0, 0, [0.95], 85),
        (0, 0, [1.0, 0.9], 85),
        (0, 0, [0.5], 70),
        (100, 100, [0.0], 0),
        (None, None, [], 100),
    ],
)
def test_points_are_lost_as_the_formula_says(
    cpu: float | None, memory: float | None, available: Sequence[float], points: float
) -> None:
    assert score(cpu, memory, available, DEFAULTS).points == pytest.approx(points)


def test_it_says_what_it_rests_on() -> None:
    assert score(10, None, [1.0], DEFAULTS).basis == ("CPU", "endpoints")
    assert str(score(None, None, [], DEFAULTS)) == "unknown"
    assert str(score(0, None, [], DEFAULTS)) == "100 of 100"


@given(percents, percents, st.lists(st.floats(0, 1), max_size=5))
def test_it_lies_between_0_and_100(cpu: float | None, memory: float | None, available: list[float]) -> None:
    assert -1e-9 <= score(cpu, memory, available, DEFAULTS).points <= 100


@given(st.floats(0, 100), st.floats(0, 100))
def test_more_use_never_scores_better(low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert score(high, None, [], DEFAULTS).points <= score(low, None, [], DEFAULTS).points
