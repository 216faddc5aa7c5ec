"""Advice to let a group wait: by what was measured, only where it would have helped."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.analysis.deferrals import Deferral, deferrals
from tasks.settings.rhythm_toml import Settings
from tasks.store.durations import Took
from tasks.store.measurements import Reading

MIDNIGHT = datetime(2026, 3, 4, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
DAYS = 14


def rhythm(**group: Any) -> Settings:
    table = {"every": "1d", "steps": ["check_health"], **group}
    return Settings.model_validate({"timezone": "UTC", "groups": {"nightly": table}})


def nightly(**group: Any) -> Settings:
    table = {"at": "03:00", "steps": ["check_health"], **group}
    return Settings.model_validate({"timezone": "UTC", "groups": {"nightly": table}})


def load(busy_from: timedelta, busy_until: timedelta, days: int = DAYS) -> list[Reading]:
    """Others use 90 % from one time of each day to another, and else 10 %."""
    return [
        Reading(MIDNIGHT + n * 5 * MINUTE, 90.0 if busy_from <= n % 288 * 5 * MINUTE < busy_until else 10.0)
        for n in range(days * 288)
    ]


def runs(at: timedelta, seconds: float, days: int = DAYS) -> dict[str, list[Took]]:
    return {"nightly": [Took(MIDNIGHT + day * DAY + at, seconds) for day in range(days)]}


def test_a_group_that_meets_others_load_each_day_is_better_deferred() -> None:
    found = deferrals(
        runs(181 * MINUTE, 600.0), load(timedelta(hours=2), timedelta(hours=4, minutes=20)), nightly()
    )
    assert [str(each) for each in found] == [
        "deferring nightly to 04:20 would have avoided load: others used more than 70 % of the CPU in 100 % "
        "of its time, on 14 of 14 days, and then in 0 %; "
        'priority = "low" or wait_at_most lets it wait'
    ]


def test_of_a_group_that_runs_often_it_is_how_much_later() -> None:
    hourly = rhythm(every="1h")
    took = {"nightly": [Took(MIDNIGHT + n * 60 * MINUTE, 60.0) for n in range(24 * DAYS)]}
    busy = [
        Reading(MIDNIGHT + n * 5 * MINUTE, 90.0 if n % 12 < 2 else 10.0) for n in range(DAYS * 288)
    ]  # as each hour begins
    (found,) = deferrals(took, busy, hourly)
    assert (found.by, found.to, found.busy, found.deferred) == (10 * MINUTE, None, 1.0, 0.0)
    assert "deferring nightly by 10 min would have" in str(found)


@pytest.mark.parametrize(
    ("settings", "took", "means"),
    [
        (nightly(), runs(180 * MINUTE, 600.0), load(timedelta(0), timedelta(0))),  # calm
        (nightly(), runs(180 * MINUTE, 600.0), load(timedelta(0), timedelta(days=1))),  # always busy
        (nightly(), runs(180 * MINUTE, 600.0, days=4), load(timedelta(0), timedelta(hours=4))),  # too few
        (nightly(), runs(180 * MINUTE, 600.0), []),
        (nightly(), {}, load(timedelta(0), timedelta(hours=4))),
        (nightly(priority="low"), runs(180 * MINUTE, 600.0), load(timedelta(0), timedelta(hours=4))),
        (nightly(wait_at_most="1m"), runs(180 * MINUTE, 600.0), load(timedelta(0), timedelta(hours=4))),
        (nightly(priority="critical"), runs(180 * MINUTE, 600.0), load(timedelta(0), timedelta(hours=4))),
        (nightly(enabled=False), runs(180 * MINUTE, 600.0), load(timedelta(0), timedelta(hours=4))),
    ],
)
def test_where_it_would_not_help_or_is_not_known_there_is_no_advice(
    settings: Settings, took: dict[str, list[Took]], means: list[Reading]
) -> None:
    assert deferrals(took, means, settings) == []


def test_what_was_not_read_is_not_busy() -> None:
    gaps = [mean for mean in load(timedelta(hours=2), timedelta(hours=4)) if mean.at.hour != 3]
    assert deferrals(runs(181 * MINUTE, 600.0), gaps, nightly()) == []


@given(st.lists(st.tuples(st.integers(0, 1439), st.floats(0.1, 4000)), max_size=30), st.integers())
def test_an_advice_is_always_an_improvement(begun: list[tuple[int, float]], seed: int) -> None:
    dice = random.Random(seed)
    took = {"nightly": [Took(MIDNIGHT + n * DAY + at * MINUTE, took) for n, (at, took) in enumerate(begun)]}
    means = [Reading(MIDNIGHT + n * 5 * MINUTE, dice.choice([5.0, 95.0])) for n in range(31 * 288)]
    for found in deferrals(took, means, nightly()):
        assert isinstance(found, Deferral)
        assert 0 <= found.deferred <= found.busy / 2 <= 0.5
        assert 0 < found.busy_days <= found.days
        assert timedelta(0) < found.by <= timedelta(hours=3)
