"""What is unlike the days before, and what is only noise."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from tasks.builtin.analysis.anomalies import Anomaly, anomalies, anomaly, daily_means
from tasks.store.measurements import Bucket

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "before", "found"),
    [
        (65.0, [20, 21, 22, 23, 24], True),
        (5.0, [20, 21, 22, 23, 24], True),
        (26.0, [20, 21, 22, 23, 24], False),  # within a quarter of what is usual
        (60.0, [20, 60, 22, 40, 24, 58], False),  # days that differ much
        (20.1, [20.0] * 7, False),
        (30.0, [20.0] * 7, True),  # days that are all alike
        (65.0, [20, 21, 22, 23], False),  # too few days
        (65.0, [20, 21, 22, 23, 24, 900], True),  # one odd day before does not hide it
        (0.0, [0.0] * 7, False),
    ],
)
def test_a_day_is_unlike_the_others_when_it_lies_far_from_all(
    value: float, before: list[float], found: bool
) -> None:
    assert (anomaly("CPU", value, before) is not None) is found


def test_it_says_which_way() -> None:
    assert anomaly("CPU", 65.0, [20.0] * 7) == Anomaly("CPU", 65.0, 20.0)
    assert Anomaly("CPU", 65.0, 20.0).is_more
    assert not Anomaly("CPU", 5.0, 20.0).is_more


def test_a_day_without_data_is_none_and_days_before_without_any_do_not_count() -> None:
    assert anomalies([("CPU", [None, *[20.0] * 7])]) == []
    assert anomalies([("CPU", [65.0, None, None, None, 20.0, 20.0, 20.0, 20.0])]) == []
    assert len(anomalies([("CPU", [65.0, None, 20.0, 20.0, 20.0, 20.0, 20.0, 20.0])])) == 1


def test_noise_is_seldom_told() -> None:
    dice = random.Random(2)
    days = [[dice.gauss(50, 8) for _ in range(8)] for _ in range(300)]
    assert len(anomalies([("CPU", values) for values in days])) <= 15


def test_days_are_24_hours_each_counted_back_from_now() -> None:
    buckets = [
        Bucket("cpu", NOON - timedelta(hours=hours), count, mean, 0, 0)
        for hours, count, mean in ((1, 1, 10.0), (23, 3, 30.0), (25, 1, 50.0), (49 * 4, 1, 99.0))
    ]
    (found,) = daily_means(buckets, {"cpu": "CPU"}, NOON, 3)
    assert found == ("CPU", [25.0, 50.0, None])
