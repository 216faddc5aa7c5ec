"""Quantiles of the latest values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.analysis.rolling import Rolling

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)

values = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60)


@given(values, st.integers(1, 20), st.floats(0, 1))
def test_it_ranks_the_latest_values_and_no_others(found: list[float], most: int, part: float) -> None:
    rolling = Rolling(most)
    for value in found:
        rolling.add(NOON, value)
    latest = sorted(found[-most:])
    assert len(rolling) == len(latest)
    assert rolling.quantile(part) == latest[int(part * (len(latest) - 1))]


def test_what_is_older_than_the_span_is_dropped_unless_few_would_be_left() -> None:
    rolling = Rolling(100, DAY, least=3)
    for hours in range(48):
        rolling.add(NOON + timedelta(hours=hours), float(hours))
    assert (len(rolling), rolling.quantile(0)) == (24, 24.0)
    rolling.add(NOON + timedelta(days=30), 99.0)  # the machine was off
    assert (len(rolling), rolling.quantile(0), rolling.quantile(1)) == (3, 46.0, 99.0)
