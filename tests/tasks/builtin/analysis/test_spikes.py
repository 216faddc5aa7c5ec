"""The detector, on made series: what it finds, what it leaves alone, what it forgets."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.builtin.analysis.deviations import ENOUGH, Deviations, is_judged
from tasks.builtin.analysis.news import REST, News
from tasks.builtin.analysis.spikes import SHORT, TIMES, Detector, SpikeVerdict

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


def news(points: Iterable[tuple[datetime, float]], detector: Detector | None = None) -> list[int]:
    """Where an alert would be."""
    detector, chosen = detector or Detector(), News()
    found = []
    for index, (at, value) in enumerate(points):
        verdict = detector.judge(at, value)
        if verdict.is_spike and chosen.is_news(at, verdict.strength):
            found.append(index)
    return found


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


@pytest.mark.parametrize(
    "noise",
    [
        pytest.param(lambda dice, at: dice.gauss(1, 0.1), id="normal"),
        pytest.param(lambda dice, at: dice.lognormvariate(0, 0.5), id="log-normal"),
        pytest.param(lambda dice, at: dice.expovariate(1), id="exponential"),
        pytest.param(busy_by_day, id="by day"),
    ],
)
def test_noise_alone_gives_less_than_one_alert_in_1000(noise: Noise) -> None:
    assert len(news(series(84, noise))) < 84 * DAY / 1000


def test_a_spike_at_night_is_found_though_every_day_is_as_high() -> None:
    points = list(series(14, busy_by_day))
    spike = 13 * DAY + 3 * 6  # at 03:00 of the last day
    points[spike] = (points[spike][0], 0.95)  # as high as many a noon: no fixed threshold would tell
    assert spike in news(points)


def test_a_spike_at_the_usual_peak_is_found_and_the_peak_itself_is_none() -> None:
    points = list(series(14, busy_by_day))
    spike = 13 * DAY + 12 * 6
    points[spike] = (points[spike][0], 2.0)
    assert [index for index in news(points) if index > 5 * DAY] == [spike]


def test_a_new_level_is_news_at_once_and_the_usual_after_some_days() -> None:
    points = slower_from(7, list(series(14, steady)))
    alerts = news(points)
    assert alerts[0] == 7 * DAY
    assert all(index < 8 * DAY for index in alerts)
    assert not any(verdict.is_spike for verdict in judged(points)[10 * DAY :])


def test_spikes_are_found_again_soon_after_a_new_level() -> None:
    points = slower_from(7, list(series(14, steady)))
    spike = 9 * DAY
    points[spike] = (points[spike][0], 1.5)
    assert spike in news(points)


def test_what_is_a_little_too_slow_for_an_hour_is_found_and_once_is_not() -> None:
    points = list(series(14, lambda dice, at: dice.gauss(1, 0.1)))
    slow = 10 * DAY
    once = [*points[:slow], (points[slow][0], 1.4), *points[slow + 1 :]]
    assert not set(range(slow, slow + SHORT)) & set(news(once))
    hour = [(at, 1.4 if slow <= n < slow + SHORT else value) for n, (at, value) in enumerate(points)]
    assert any(slow < index < slow + SHORT for index in news(hour))


def test_trouble_every_day_stays_a_spike_and_is_news_three_times_a_week() -> None:
    points = [
        (at, value * (8 if n % DAY in (50, 51) else 1)) for n, (at, value) in enumerate(series(28, steady))
    ]
    trouble = range(DAY + 50, 28 * DAY, DAY)
    found = judged(points)
    assert all(found[index].is_spike for index in trouble)
    alerts = news(points)
    assert all(index % DAY in (50, 51) for index in alerts)
    assert all(
        sum(start <= each < start + 7 * DAY for each in alerts) <= 4 for start in range(0, 21 * DAY, DAY)
    )


def test_one_incident_alerts_once_until_it_was_quiet() -> None:
    points = list(series(10, steady))
    rest = REST // EVERY
    first = 7 * DAY
    for place in (first, first + 1, first + rest - 1, first + rest):
        points[place] = (points[place][0], 3.0)
    assert news(points) == [first, first + rest]  # counted from the alert, and not from the last spike
    assert judged(points)[first + rest - 1].is_spike


def test_a_constant_series_alerts_only_when_it_moves_by_what_matters() -> None:
    points = [(MONDAY + n * EVERY, 0.02) for n in range(300)]
    points[250], points[290] = (points[250][0], 0.039), (points[290][0], 0.041)
    assert news(points, Detector(least=0.02, least_part=0.5)) == [290]


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
    assert news(points) == []
    assert news(points, Detector(both=True)) == [len(points) - 1]


def test_after_a_long_gap_it_goes_on() -> None:
    later = [(at + timedelta(days=60), value) for at, value in series(1, steady, seed=2)]
    assert news([*series(7, steady), *later]) == []


def test_a_flat_line_after_noise_is_found() -> None:
    points = [(at, value if n < 20 * DAY else 0.4) for n, (at, value) in enumerate(series(21, busy_by_day))]
    assert min(index for index in news(points, Detector(both=True)) if index > 5 * DAY) == 20 * DAY


def test_a_slow_drift_is_found_that_no_single_value_shows() -> None:
    def drifting(dice: random.Random, at: datetime) -> float:
        return dice.gauss(100, 10) + 20 * max(0.0, (at - MONDAY) / timedelta(days=1) - 14)

    points = list(series(20, drifting))
    alerts = news(points, Detector(least_part=0.01))
    since = [index for index in alerts if index >= 14 * DAY]
    assert since[0] < 15 * DAY
    assert len(alerts) - len(since) <= 1
    assert all(points[index][1] < 140 for index in since)


@pytest.mark.parametrize("missing", [12 * 6, 13 * 6], ids=["noon", "one o'clock"])
def test_a_usual_peak_that_does_not_come_is_found(missing: int) -> None:
    points = [
        (at, 0.1 if n >= 13 * DAY + missing else value)
        for n, (at, value) in enumerate(series(14, busy_by_day))
    ]
    assert [index for index in news(points, Detector(both=True)) if index > 5 * DAY] == [13 * DAY + missing]


def test_what_each_week_has_is_no_spike_once_three_weeks_are_known() -> None:
    def weekly(dice: random.Random, at: datetime) -> float:
        return (5.0 if at.weekday() == 0 and 2 <= at.hour < 4 else 1.0) + dice.gauss(0, 0.05)

    points = list(series(42, weekly))
    assert [index for index in news(points) if index >= 28 * DAY] == []
    other = 36 * DAY + 2 * 6  # as high as on Mondays, but on a Tuesday
    points[other] = (points[other][0], 5.0)
    assert [index for index in news(points) if index >= 28 * DAY] == [other]


def test_in_a_storm_only_what_is_worse_is_news() -> None:
    points = list(series(21, steady))
    storm = [14 * DAY + n * 110 for n in range(8)]  # every 18 hours and a third
    for index in storm:
        points[index] = (points[index][0], 2.0)
    assert news(points) == storm[:3]
    points[storm[7]] = (points[storm[7]][0], 9.0)
    assert news(points) == [*storm[:3], storm[7]]


def test_what_one_day_of_the_week_is_like_is_known_however_often_it_is_measured() -> None:
    known = Deviations(1, TIMES.value, both=False)
    minutes = [MONDAY + n * timedelta(minutes=1) for n in range(7 * 24 * 60)]
    for at in minutes:
        known.compare(at, 10.0 if at.weekday() == 0 else 1.0, 0.0)

    assert known.compare(MONDAY + timedelta(days=7), 10.0, 0.0).strength < 1


values = st.lists(st.floats(0, 1e6), min_size=ENOUGH + 1, max_size=ENOUGH + 60)


@settings(max_examples=20)
@given(values, values)
def test_a_verdict_knows_nothing_of_what_comes_later(past: list[float], other: list[float]) -> None:
    def points(found: list[float]) -> list[tuple[datetime, float]]:
        return [(MONDAY + n * EVERY, value) for n, value in enumerate(found)]

    assert judged(points(past))[: len(past)] == judged(points(past + other))[: len(past)]


@settings(max_examples=20)
@given(values)
def test_a_verdict_is_the_same_whatever_the_unit(found: list[float]) -> None:
    """A power of two, so that nothing is rounded."""
    ours, doubled = (
        judged(((MONDAY + n * EVERY, value * unit) for n, value in enumerate(found)), Detector(both=True))
        for unit in (1.0, 1024.0)
    )
    assert [each.strength for each in ours] == [each.strength for each in doubled]


def test_a_value_is_judged_once_100_before_it_are_known() -> None:
    """The documentation of the steps names the number."""
    points = [(MONDAY + n * EVERY, 1.0 + 0.1 * (n % 2)) for n in range(ENOUGH)]
    spike = 50.0

    early = judged([*points[:99], (MONDAY + 99 * EVERY, spike)])
    known = judged([*points[:100], (MONDAY + 100 * EVERY, spike)])

    assert not early[-1].is_spike
    assert known[-1].is_spike


@pytest.mark.parametrize(("over", "is_spike"), [(0.99, False), (1.01, True)])
def test_a_spike_is_so_many_times_as_far_off_as_all_but_the_rarest_values(
    over: float, is_spike: bool
) -> None:
    """One value in five is 1 above the level, and none of the others is."""
    points = [(MONDAY + n * EVERY, 1.0 + (n % 5 == 0)) for n in range(2 * DAY)]

    found = judged([*points, (MONDAY + 2 * DAY * EVERY, 1.0 + over * TIMES.value)])[-1]

    assert found.expected == 1.0
    assert found.strength == pytest.approx(over)
    assert found.is_spike is is_spike


@pytest.mark.parametrize(
    ("every", "first"),
    [
        (timedelta(minutes=10), 100),
        (timedelta(hours=1), 100),
        (timedelta(hours=6), 28),
        (timedelta(days=1), 20),
    ],
)
def test_how_many_values_it_takes_follows_how_often_there_is_one(every: timedelta, first: int) -> None:
    """Twenty over a week, or a hundred: the documentation names the numbers."""
    for count, judged_then in ((first - 1, False), (first, True)):
        points = [(MONDAY + n * every, 1.0 + 0.1 * (n % 2)) for n in range(count)]
        points.append((MONDAY + count * every, 50.0))

        assert judged(points)[-1].is_spike is judged_then
        assert is_judged([at for at, _ in points]) is judged_then


@pytest.mark.parametrize(("high", "is_spike"), [(1.3, False), (1.8, True)])
def test_of_few_values_the_furthest_on_either_side_is_the_measure(high: float, is_spike: bool) -> None:
    points = [(MONDAY + n * timedelta(days=1), 0.8 if n == 9 else 1.0) for n in range(30)]

    verdicts = judged([*points, (MONDAY + timedelta(days=30), high)])

    assert verdicts[-1].is_spike is is_spike


def test_of_few_values_a_change_does_not_hide_itself() -> None:
    """No value alone is unusual, only their mean; and each mean is just a little higher than the last."""
    dice = random.Random(5)
    values = [dice.gauss(1, 0.1) for _ in range(60)] + [dice.gauss(1.2, 0.1) for _ in range(12)]

    verdicts = judged((MONDAY + n * timedelta(hours=6), value) for n, value in enumerate(values))

    assert not any(verdict.is_spike for verdict in verdicts[:60])
    assert any(verdict.is_spike for verdict in verdicts[60:])
