"""Percentiles agree with the standard library's, and stay within the values."""

from __future__ import annotations

from statistics import median, quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.analysis.percentiles import percentile

values = st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=200)


@given(values)
def test_it_agrees_with_the_standard_library(found: list[float]) -> None:
    hundredths = quantiles(found, n=100, method="inclusive")
    for index in (1, 25, 50, 95, 99):
        assert percentile(found, index / 100) == pytest.approx(hundredths[index - 1], rel=1e-9, abs=1e-6)
    assert percentile(found, 0.5) == pytest.approx(median(found), rel=1e-9, abs=1e-6)


@given(values, st.floats(0, 1))
def test_it_lies_within_the_values(found: list[float], part: float) -> None:
    assert min(found) - 1e-6 <= percentile(found, part) <= max(found) + 1e-6


@pytest.mark.parametrize(("part", "expected"), [(0, 1.0), (0.5, 2.5), (0.95, 3.85), (1, 4.0)])
def test_it_is_linear_between_two_ranks(part: float, expected: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], part) == pytest.approx(expected)


@pytest.mark.parametrize(("found", "part"), [([], 0.5), ([1.0], -0.1), ([1.0], 1.1)])
def test_what_has_no_percentile_is_refused(found: list[float], part: float) -> None:
    with pytest.raises(ValueError, match="no percentile"):
        percentile(found, part)
