"""Who only ever grows is a suspect; who scatters, fills a cache or was seen too seldom is not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tasks.builtin.analysis.leaks import suspect, suspects
from tasks.store.measurements import Sample

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MB = 1_000_000
LEAST = 20.0 * MB


def hourly(values: Sequence[float]) -> list[Sample]:
    return [Sample(NOON + timedelta(hours=hour), "rss", value) for hour, value in enumerate(values)]


def test_steady_growth_is_a_suspicion_with_its_speed() -> None:
    found = suspect("llm", hourly([100 * MB + 10 * MB * hour for hour in range(12)]), LEAST)
    assert found is not None
    assert (found.per_hour, found.now, found.hours) == (10 * MB, 210 * MB, 11)


def test_growth_with_a_little_noise_is_found_all_the_same() -> None:
    dice = random.Random(3)
    values = [100 * MB + 8 * MB * hour + dice.gauss(0, 5 * MB) for hour in range(24)]
    assert suspect("llm", hourly(values), LEAST) is not None


@pytest.mark.parametrize(
    "values",
    [
        [100 * MB] * 24,
        [100 * MB + 10 * MB * hour for hour in range(5)],  # too few looks
        [100 * MB + MB * hour for hour in range(12)],  # less than anybody cares for
        [1000 * MB + 3 * MB * hour for hour in range(24)],  # 7 % of where it began
        [100 * MB] * 6 + [300 * MB] * 6 + [100 * MB] * 6,  # up and down again
        [300 * MB - 10 * MB * hour for hour in range(12)],
        [],
    ],
)
def test_anything_else_is_none(values: list[float]) -> None:
    assert suspect("llm", hourly(values), LEAST) is None


def test_looks_within_a_short_time_say_nothing() -> None:
    minutes = [Sample(NOON + timedelta(minutes=m), "rss", 100.0 * MB * (m + 1)) for m in range(60)]
    assert suspect("llm", minutes, LEAST) is None


def test_noise_is_hardly_ever_suspected() -> None:
    dice = random.Random(11)
    noise = [hourly([dice.uniform(100, 200) * MB for _ in range(24)]) for _ in range(200)]
    assert len(suspects([("noise", series) for series in noise], LEAST)) <= 4  # 1 % is chance


def test_the_fastest_comes_first() -> None:
    speeds = {"a": 5 * MB, "b": 9 * MB}
    series = [(name, hourly([speed * hour for hour in range(10)])) for name, speed in speeds.items()]
    assert [found.name for found in suspects(series, LEAST)] == ["b", "a"]
