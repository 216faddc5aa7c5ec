"""The detector, on made series: what it finds, what it leaves alone, what it forgets."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.analysis.spikes import ENOUGH, QUIET, SHORT, Detector, SpikeVerdict

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
EVERY = timedelta(minutes=10)
DAY = 144  # values

Noise = Callable[[random.Random, datetime], float]


def series(days: float, noise: Noise, seed: int = 1) -> Iterator[tuple[datetime, float]]:
    dice = random.Random(seed)
    for number in range(round(days * DAY)):
        at = MONDAY + number * EVERY
        yield at, noise(dice, at)


def judged(points: Iterable[tuple[datetime, float]], detector: Detector | None = None) -> list[SpikeVerdict]:
    detector = detector or Detector()
    return [detector.judge(at, value) for at, value in points]


def news(verdicts: Iterable[SpikeVerdict]) -> list[int]:
    return [index for index, verdict in enumerate(verdicts) if verdict.is_news]


def steady(dice: random.Random, at: datetime) -> float:
    return 0.1 * dice.lognormvariate(0, 0.1)


def slower_from(day: int, points: list[tuple[datetime, float]]) -> list[tuple[datetime, float]]:
    return [(at, value * (5 if n >= day * DAY else 1)) for n, (at, value) in enumerate(points)]


def busy_by_day(dice: random.Random, at: datetime) -> float:
    return (0.9 if 9 <= at.hour < 17 else 0.1) * dice.lognormvariate(0, 0.05)


def test_it_warms_up_without_alerts() -> None:
    dice = random.Random(1)
    found = judged((MONDAY + n * EVERY, dice.choice([0.1, 9.0])) for n in range(ENOUGH))
    assert not any(verdict.is_spike for verdict in found)
    assert all(math.isinf(verdict.upper) for verdict in found)


@pytest.mark.parametrize(
    "noise",
    [
        pytest.param(lambda dice, at: dice.gauss(1, 0.1), id="normal"),
        pytest.param(lambda dice, at: dice.lognormvariate(0, 0.5), id="log-normal"),
        pytest.param(lambda dice, at: dice.expovariate(1), id="exponential"),
        pytest.param(busy_by_day, id="by day"),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_noise_alone_gives_less_than_one_alert_in_1000(noise: Noise, seed: int) -> None:
    assert len(news(judged(series(140, noise, seed)))) < 140 * DAY / 1000


def test_a_spike_at_night_is_found_though_every_day_is_as_high() -> None:
    points = list(series(14, busy_by_day))
    spike = 13 * DAY + 3 * 6  # at 03:00 of the last day
    points[spike] = (points[spike][0], 0.9)  # as high as any noon: no fixed threshold would tell
    assert spike in news(judged(points))


def test_a_spike_at_the_usual_peak_is_found_and_the_peak_itself_is_none() -> None:
    points = list(series(14, busy_by_day))
    spike = 13 * DAY + 12 * 6
    points[spike] = (points[spike][0], 2.0)
    assert [index for index in news(judged(points)) if index > 5 * DAY] == [spike]


def test_a_new_level_is_one_incident_and_then_the_usual() -> None:
    points = [
        (at, value * (5 if at >= MONDAY + timedelta(days=7) else 1)) for at, value in series(14, steady)
    ]
    found = judged(points)
    assert news(found) == [7 * DAY]
    assert not any(verdict.is_spike for verdict in found[8 * DAY :])


def test_spikes_are_found_again_soon_after_a_new_level() -> None:
    points = [
        (at, value * (5 if at >= MONDAY + timedelta(days=7) else 1)) for at, value in series(14, steady)
    ]
    spike = 9 * DAY
    points[spike] = (points[spike][0], 1.5)
    assert news(judged(points)) == [7 * DAY, spike]


def test_what_is_a_little_too_slow_for_an_hour_is_found_and_once_is_not() -> None:
    points = list(series(14, lambda dice, at: dice.gauss(1, 0.1)))
    slow = 10 * DAY
    once = [*points[:slow], (points[slow][0], 1.4), *points[slow + 1 :]]
    assert news(judged(once)) == []
    hour = [(at, 1.4 if slow <= n < slow + SHORT else value) for n, (at, value) in enumerate(points)]
    assert any(slow < index < slow + SHORT for index in news(judged(hour)))


def test_trouble_every_day_does_not_become_the_usual() -> None:
    points = [
        (at, value * (8 if n % DAY in (50, 51) else 1)) for n, (at, value) in enumerate(series(28, steady))
    ]
    found = news(judged(points))
    assert [index for index in found if index % DAY == 50] == list(range(DAY + 50, 28 * DAY, DAY))


def test_one_incident_alerts_once_until_it_was_quiet() -> None:
    points = list(series(10, steady))
    quiet = QUIET // EVERY
    first = 7 * DAY
    for place in (first, first + 1, first + quiet, first + 2 * quiet):
        points[place] = (points[place][0], 3.0)
    found = judged(points)
    assert news(found) == [first, first + 2 * quiet]
    assert found[first + quiet].is_spike


def test_a_constant_series_alerts_only_when_it_moves_by_what_matters() -> None:
    points = [(MONDAY + n * EVERY, 0.02) for n in range(300)]
    points[250], points[290] = (points[250][0], 0.039), (points[290][0], 0.041)
    assert news(judged(points, Detector(least=0.02, least_part=0.5))) == [290]


def test_a_series_of_nearly_only_zeros_gets_used_to_what_is_not() -> None:
    dice = random.Random(3)
    found = judged((MONDAY + n * EVERY, float(dice.random() < 0.2)) for n in range(4000))
    assert not any(verdict.is_spike for verdict in found[-2000:])


@pytest.mark.parametrize(("last", "is_spike"), [(9.5, False), (10.5, False), (8.5, True), (11.5, True)])
def test_a_steady_series_may_change_by_what_nobody_would_notice(last: float, is_spike: bool) -> None:
    points = [(MONDAY + n * EVERY, 10.0) for n in range(3 * ENOUGH)]

    verdicts = judged([*points, (MONDAY + 3 * ENOUGH * EVERY, last)], Detector(both=True))

    assert verdicts[-1].is_spike is is_spike


def test_lows_are_spikes_only_if_asked_for() -> None:
    points = list(series(7, steady))
    points[-1] = (points[-1][0], 0.0)
    assert news(judged(points)) == []
    assert news(judged(points, Detector(both=True))) == [len(points) - 1]


def test_after_a_long_gap_it_goes_on() -> None:
    later = [(at + timedelta(days=60), value) for at, value in series(1, steady, seed=2)]
    assert news(judged([*series(7, steady), *later])) == []


values = st.lists(st.floats(0, 1e6), min_size=ENOUGH + 1, max_size=ENOUGH + 60)


@given(values, values)
def test_a_verdict_knows_nothing_of_what_comes_later(past: list[float], other: list[float]) -> None:
    def points(found: list[float]) -> list[tuple[datetime, float]]:
        return [(MONDAY + n * EVERY, value) for n, value in enumerate(found)]

    assert judged(points(past))[: len(past)] == judged(points(past + other))[: len(past)]


@given(values)
def test_a_value_outside_its_bounds_is_a_spike(found: list[float]) -> None:
    for verdict in judged(
        ((MONDAY + n * EVERY, value) for n, value in enumerate(found)), Detector(both=True)
    ):
        assert verdict.lower <= verdict.expected <= verdict.upper
        if not verdict.lower <= verdict.value <= verdict.upper:
            assert verdict.is_spike or math.isclose(verdict.value, verdict.upper, rel_tol=1e-9)


def test_a_value_is_judged_once_100_before_it_are_known() -> None:
    """The documentation of the steps names the number."""
    points = [(MONDAY + n * EVERY, 1.0 + 0.1 * (n % 2)) for n in range(ENOUGH)]
    spike = 50.0

    early = judged([*points[:99], (MONDAY + 99 * EVERY, spike)])
    known = judged([*points[:100], (MONDAY + 100 * EVERY, spike)])

    assert not early[-1].is_spike
    assert known[-1].is_spike


def test_a_spike_is_3_times_as_far_off_as_all_but_the_rarest_values() -> None:
    """One value in ten is 1 above the level, and none of the others is."""
    points = [(MONDAY + n * EVERY, 1.0 + (n % 10 == 0)) for n in range(DAY)]

    found = judged([*points, (MONDAY + DAY * EVERY, 1.0)])[-1]

    assert (found.expected, found.upper) == (1.0, 4.0)
