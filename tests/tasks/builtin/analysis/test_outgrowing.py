"""What grows is announced a week ahead, with a date; noise, jumps and weekends are not growth."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.analysis.outgrowing import (
    AHEAD,
    CONFIDENCE,
    LEAST,
    Growth,
    Outgrowing,
    beats,
    grows,
    interval,
    outgrowing,
)
from tasks.outcome import Outcome
from tasks.store.durations import Took
from tests.flows.rhythms import rhythm

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
Noise = Callable[[Random], float]

NOISES: dict[str, Noise] = {
    "narrow": lambda draw: draw.lognormvariate(0, 0.1),
    "wide": lambda draw: draw.lognormvariate(0, 0.5),
    "heavy tail": lambda draw: 0.7 + 0.3 * draw.paretovariate(1.5),
    "one in 8 long": lambda draw: (8.0 if draw.random() < 0.125 else 1.0) * draw.lognormvariate(0, 0.2),
    "normal": lambda draw: max(0.05, draw.gauss(1, 0.15)),
}


def series(
    level: Callable[[float], float], draw: Random, noise: Noise, *, days: int = 60, a_day: int = 1
) -> list[Took]:
    """Return runs of the days up to noon, at a level by the day, with noise."""
    times = [run / a_day for run in range(days * a_day)]
    return [Took(NOON - days * DAY + each * DAY, level(each) * noise(draw)) for each in times]


def line(start: float, a_day: float) -> Callable[[float], float]:
    return lambda day: start + a_day * day


def high(took: list[Took]) -> float:
    """Return what nine of ten of the last days' runs stay below."""
    seconds = sorted(run.seconds for run in took if run.at > NOON - 28 * DAY)
    return seconds[int(0.9 * len(seconds))]


def test_of_1000_calm_series_hardly_any_is_announced_however_near_the_limit() -> None:
    draw, announced = Random(5), 0
    for number in range(1000):
        noise = list(NOISES.values())[number % len(NOISES)]
        took = series(lambda day: 60.0, draw, noise, days=30, a_day=draw.choice((1, 2, 12)))
        announced += grows(took, high(took) * draw.choice((1.03, 1.2, 2.0)), NOON) is not None

    assert announced < 10


@pytest.mark.parametrize("noise", ["narrow", "heavy tail", "normal"])
def test_planted_growth_is_announced_a_week_before_it_is_there(noise: str) -> None:
    """Runs of 12 a day grow from a minute to ten, from day 0 on; at noon that is `days` ahead."""
    for full in (35, 45, 55):
        for days in (7, 9, 11):
            took = series(line(60, 540 / full), Random(full), NOISES[noise], a_day=12)
            before = [run for run in took if run.at <= NOON - 60 * DAY + (full - days) * DAY]
            now = before[-1].at
            growth = grows(before, 600.0, now)
            assert growth is not None, (full, days)
            # Nine of ten runs are to stay below, so the limit is near for some of them before it is for most.
            assert growth.earliest <= growth.at <= growth.latest
            assert growth.at < now + days * DAY
            assert growth.a_day > 0.6 * 540 / full


def test_daily_runs_that_grow_are_mostly_announced_a_week_before() -> None:
    draw, found = Random(3), []
    for _ in range(60):
        full = draw.uniform(30, 50)
        took = series(line(60, 120 / full), draw, NOISES["narrow"])
        days = [NOON - 60 * DAY + day * DAY for day in range(10, int(full) - 6)]
        found.append(any(grows([run for run in took if run.at <= now], 180.0, now) for now in days))

    assert fmean(found) > 0.9


def test_the_limit_is_reached_within_the_dates_as_often_as_their_confidence_says() -> None:
    draw, within = Random(9), []
    for _ in range(150):
        days = draw.uniform(10, 20)
        took = series(line(60, 240 / (30 + days)), draw, NOISES["normal"], days=30, a_day=6)
        growth = grows(took, 300.0 * (1 + 1.2816 * 0.15), NOON)  # the 0.9 quantile of the noise
        if growth:
            within.append(growth.earliest <= NOON + days * DAY <= growth.latest)

    assert len(within) > 50
    assert fmean(within) > CONFIDENCE - 0.15


@pytest.mark.parametrize("day", [5, 10, 15, 20, 25])
def test_what_has_jumped_once_does_not_go_on(day: int) -> None:
    draw = Random(day)
    took = series(lambda each: 60.0 if each < day else 120.0, draw, NOISES["narrow"], days=30, a_day=6)

    assert grows(took, 200.0, NOON) is None


def test_shorter_weekends_and_busy_hours_are_no_growth() -> None:
    for days in range(28, 42):
        took = series(
            lambda day: 60 * (0.5 if int(day) % 7 > 4 else 1.0) * (1 + 0.4 * math.sin(2 * math.pi * day)),
            Random(days),
            NOISES["narrow"],
            days=days,
            a_day=8,
        )
        assert grows(took, high(took) * 1.1, NOON) is None


@given(st.floats(0.01, 1e5), st.integers(0, 40), st.integers(1, 5), st.floats(0.1, 100))
def test_what_is_constant_never_grows(seconds: float, days: int, a_day: int, of_limit: float) -> None:
    took = series(lambda day: seconds, Random(1), lambda draw: 1.0, days=days, a_day=a_day)

    assert grows(took, seconds * of_limit, NOON) is None


@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 1e6), st.sampled_from(Outcome)), max_size=60))
def test_whatever_was_measured_what_is_announced_is_near_and_grows(
    runs: list[tuple[float, float, Outcome]],
) -> None:
    took = [Took(NOON - ago * DAY, seconds, outcome) for ago, seconds, outcome in runs]

    growth = grows(took, 600.0, NOON)

    if growth:
        assert growth.a_day > 0
        assert growth.earliest <= growth.at <= growth.latest
        assert growth.at <= NOON + AHEAD


def test_a_few_days_say_nothing_and_runs_to_come_are_not_counted() -> None:
    took = [Took(NOON - day * DAY, 600.0 - 40 * day) for day in range(LEAST)]

    assert grows(took, 660.0, NOON) is not None
    assert grows(took[1:], 660.0, NOON) is None
    assert grows(took, 660.0, NOON - DAY) is None


def test_a_slow_growth_is_announced_only_once_it_is_near() -> None:
    took = [Took(NOON - day * DAY, 600.0 - 4 * day) for day in range(40)]

    assert grows(took, 600.0 + 4 * 13.9, NOON) is not None
    assert grows(took, 600.0 + 4 * 14.1, NOON) is None


def test_timeouts_count_as_at_least_that_long_and_other_failures_do_not() -> None:
    grown = [Took(NOON - day * DAY, 500.0 - 20 * day) for day in range(20)]
    timed_out = [Took(each.at, min(each.seconds, 440.0)) for each in grown]
    timed_out[:3] = [each._replace(outcome=Outcome.TIMED_OUT) for each in timed_out[:3]]
    failed = [each._replace(outcome=Outcome.FAILED) for each in grown]

    growth = grows(timed_out, 440.0, NOON)

    assert growth is not None
    assert growth.at <= NOON
    assert grows(failed, 440.0, NOON) is None


GROUPS: dict[str, dict[str, Any]] = {
    "check": {"every": "10m", "steps": [{"run": "check_health", "timeout": "5m"}]},
    "backup": {
        "every": "1d",
        "lane": "long",
        "steps": [{"run": "backup.py", "name": "copy", "timeout": "2h"}],
    },
    "off": {"every": "10m", "enabled": False},
}


def growing(limit: float, days: float) -> list[Took]:
    """Return daily runs that reach a limit in so many days, by 1 % of it a day."""
    return [Took(NOON - day * DAY, limit * (1 - 0.01 * (day + days))) for day in range(30)][::-1]


def test_groups_outgrow_their_interval_steps_their_timeout_and_beats_what_they_have() -> None:
    settings = rhythm(groups=GROUPS)
    groups = {
        "check": growing(600.0, 9),
        "backup": growing(86400.0, 5),
        "off": growing(600.0, 5),
        "gone": growing(600.0, 5),
    }
    steps = {("backup", "copy"): growing(7200.0, 3), ("check", "gone"): growing(1.0, 3)}

    found = outgrowing(groups, steps, settings, NOON)

    assert [(each.what, each.limit_is, each.limit) for each in found] == [
        ("the longest beat of a day", "what a beat may take", 280.0),
        ("backup / copy", "its timeout", 7200.0),
        ("backup", "its interval", 86400.0),
        ("check", "its interval", 600.0),
    ]
    days = [(each.growth.at - NOON) / DAY for each in found[1:]]
    assert days == pytest.approx([3, 5, 9], abs=0.6)
    assert all(each.remedy for each in found)


def test_without_runs_nothing_is_announced() -> None:
    assert outgrowing({}, {}, rhythm(), NOON) == []


def test_groups_of_one_beat_run_right_after_each_other_and_other_lanes_beside() -> None:
    settings = rhythm(groups={"a": {"every": "1h"}, "b": {"every": "1h"}, "c": {"every": "1h", "lane": "x"}})
    at = NOON - DAY
    groups = {
        "a": [Took(at, 60.0), Took(at + timedelta(hours=1), 30.0), Took(NOON, 900.0)],
        "b": [Took(at + timedelta(seconds=61), 100.0), Took(at + timedelta(hours=1, minutes=5), 20.0)],
        "c": [Took(at, 3000.0)],
    }

    assert beats(groups, settings) == [Took(at, 161.0)]  # today's longest may still come


@pytest.mark.parametrize(
    ("calendar", "shortest"),
    [
        ({"every": "10m"}, timedelta(minutes=10)),
        ({"at": "03:00"}, DAY),
        ({"at": ["03:00", "09:00"]}, timedelta(hours=6)),
        ({"at": "09:00", "days": "weekdays"}, DAY),
        ({"at": "09:00", "days": ["mon"]}, WEEK),
    ],
)
def test_the_shortest_time_until_the_next_run_is_the_limit(
    calendar: dict[str, Any], shortest: timedelta
) -> None:
    settings = rhythm(groups={"a": calendar})

    assert interval(settings.groups["a"], settings, NOON) == shortest


def test_it_reads_as_a_sentence_and_as_json() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    growth = Growth(NOON + 8 * DAY, NOON + 6 * DAY, NOON + 11 * DAY, 6.3)
    found = Outgrowing("check", 600.0, "its interval", growth)

    assert found.sentence(NOON, berlin) == (
        "check takes 6.3 s longer each day, and outgrows its interval, 10m, around Thu 12 Mar "
        "(90% confidence: 10 Mar to 15 Mar)"
    )
    assert found.sentence(NOON + 9 * DAY, berlin) == (
        "check takes 6.3 s longer each day, and one time in ten exceeds its interval, 10m, by now"
    )
    assert found.to_json(berlin) == {
        "what": "check",
        "limit_is": "its interval",
        "limit": 600.0,
        "seconds_a_day": 6.3,
        "at": "2026-03-12T13:00:00+01:00",
        "earliest": "2026-03-10T13:00:00+01:00",
        "latest": "2026-03-15T13:00:00+01:00",
        "confidence": 0.9,
    }
