"""Troubles and episodes: what is unusual, what belongs together, and what is news."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.analysis.episodes import (
    FAILURES,
    GAP,
    Episode,
    Trouble,
    episodes,
    failures,
    is_fresh,
    spikes,
)
from tasks.builtin.analysis.news import REST
from tasks.builtin.analysis.series import CPU_USE, DURATION, LATENCY, WAIT, Measure, Series, Subject
from tasks.store.measurements import Probe

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
EVERY = timedelta(minutes=10)


def series(values: Sequence[float], measure: Measure = LATENCY, every: timedelta = EVERY) -> Series:
    of = Subject("backup.ps1", "step/nightly/backup.ps1", measure)
    return Series(of, [(NOON + n * every, value) for n, value in enumerate(values)])


def probes(latencies: Sequence[float | None]) -> list[Probe]:
    """Probes every ten minutes; None is a failure."""
    return [Probe("llm", NOON + n * EVERY, each is not None, each) for n, each in enumerate(latencies)]


def troubled(*minutes: float, fault: str = "") -> list[Trouble]:
    times = [NOON + timedelta(minutes=m) for m in minutes]
    value = 0.0 if fault else 1.0
    return [Trouble(at, at, value, is_news=not fault, fault=fault) for at in times]


def episode(start: float, end: float) -> Episode:
    """Hours after noon."""
    return Episode(series([]).of, tuple(troubled(start * 60, end * 60)))


def found_in(given: Series) -> list[Episode]:
    return episodes(given, spikes(given, BERLIN))


def test_a_spike_has_what_was_expected_and_when_all_was_as_usual() -> None:
    (found,) = spikes(series([0.02] * 150 + [2.0]), BERLIN)

    assert found.value == 2.0
    assert found.expected == pytest.approx(0.02)
    assert found.before == found.at - EVERY
    assert found.end == found.at + timedelta(seconds=2)


def test_a_fixed_threshold_needs_no_past() -> None:
    found = list(spikes(series([0.9, 1.0, 1.1]), BERLIN, fixed=1.0))

    assert [(each.value, each.expected) for each in found] == [(1.1, None)]


@pytest.mark.parametrize(
    ("measure", "usual", "less"),
    [(LATENCY, 0.2, 0.001), (DURATION, 40.0, 0.1), (WAIT, 1200.0, 0.0), (CPU_USE, 60.0, 0.0)],
)
def test_what_becomes_less_is_never_a_spike(measure: Measure, usual: float, less: float) -> None:
    dice = random.Random(1)
    values = [usual * dice.lognormvariate(0, 0.1) for _ in range(600)]

    assert not list(spikes(series([*values, less, *values[:20], *[less] * 150], measure), BERLIN))


@pytest.mark.parametrize(
    ("every", "values"), [(timedelta(minutes=10), 4_000), (timedelta(hours=1), 600), (timedelta(days=1), 60)]
)
def test_a_step_that_takes_twice_as_long_is_found_however_often_it_runs(
    every: timedelta, values: int
) -> None:
    dice = random.Random(2)
    usual = [40 * dice.lognormvariate(0, 0.05) for _ in range(values)]

    (found,) = found_in(series([*usual, 80.0], DURATION, every))

    assert found.start == NOON + values * every
    assert (found.worst.value, found.alert) == (80.0, found.start)
    assert found.worst.expected == pytest.approx(40, rel=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_a_step_that_takes_half_as_long_again_from_now_on_is_found_within_ten_runs(seed: int) -> None:
    dice = random.Random(seed)
    values = [40 * dice.lognormvariate(0, 0.2) * (1 if n < 2000 else 1.5) for n in range(2200)]

    alerts = [(each.alert - NOON) // EVERY for each in found_in(series(values, DURATION)) if each.alert]
    since = [index for index in alerts if index >= 2000]

    assert since[0] < 2010
    assert len(since) <= 3  # in a day and a half; then it is the usual


@pytest.mark.parametrize(
    ("measure", "every"),
    [
        (DURATION, timedelta(minutes=10)),
        (DURATION, timedelta(hours=2)),
        (DURATION, timedelta(days=1)),
        (LATENCY, timedelta(minutes=10)),
    ],
)
@pytest.mark.parametrize(
    "calm",
    [
        pytest.param(lambda dice: dice.lognormvariate(0, 0.3), id="log-normal"),
        pytest.param(lambda dice: dice.lognormvariate(0, 1.0), id="heavy-tailed"),
        pytest.param(lambda dice: dice.paretovariate(3), id="tail as a power"),
        pytest.param(lambda dice: dice.lognormvariate(0, 0.2) * dice.choice([1] * 9 + [3]), id="one in ten"),
    ],
)
def test_what_is_calm_gives_no_more_than_one_alert_in_1000(
    calm: Callable[[random.Random], float], every: timedelta, measure: Measure
) -> None:
    """As many values as 28 days have (of a daily one, 90), over and over."""
    count = min(28 * timedelta(days=1) // every, 4_032) if every < timedelta(days=1) else 90
    usual = 30 if measure is DURATION else 0.1  # seconds
    dice, alerts, total = random.Random(4), 0, 0
    while total < 8_000:
        given = series([usual * calm(dice) for _ in range(count)], measure, every)
        alerts += sum(each.is_news for each in spikes(given, BERLIN))
        total += count

    assert alerts <= total / 1000 + 2 * math.sqrt(total / 1000)  # by chance there are that many at most


def test_what_runs_once_a_day_is_one_episode_as_long_as_it_stays_slow() -> None:
    values = [40.0 + n % 3 for n in range(40)] + [200.0, 210.0, 205.0]

    (found,) = found_in(series(values, DURATION, timedelta(days=1)))

    assert found.spikes == 3


def test_two_hours_three_times_as_slow_are_an_alert_however_much_answers_scatter() -> None:
    dice = random.Random(1)
    slow = range(4_000, 4_012)
    values = [0.1 * dice.lognormvariate(0, 0.5) * (3 if n in slow else 1) for n in range(4_100)]

    (alert,) = [each.alert for each in found_in(series(values)) if each.alert]

    assert (alert - NOON) // EVERY in slow


def test_a_longer_run_of_two_seconds_does_not_matter() -> None:
    assert not found_in(series([0.5] * 300 + [2.4], DURATION))
    assert found_in(series([0.5] * 300 + [2.6], DURATION))


@pytest.mark.parametrize(("row", "counted"), [(FAILURES - 1, 0), (FAILURES, FAILURES), (9, 9)])
def test_failures_in_a_row_are_trouble(row: int, counted: int) -> None:
    found = list(failures(probes([0.02, *[None] * row, 0.02])))

    assert len(found) == counted
    assert not any(each.value for each in found)


def test_failures_at_one_moment_are_one() -> None:
    at_once = [Probe("llm", NOON, False, None, "refused")] * 5  # a benchmark asks several times

    assert list(failures(at_once)) == []


def test_failures_between_answers_are_bad_luck() -> None:
    assert list(failures(probes([None, 0.02, None, 0.02, None, 0.02]))) == []


def test_what_is_close_together_is_one_episode() -> None:
    found = episodes(series([]), troubled(0, 10, 70, 131, 400))

    assert [(each.start - NOON, each.spikes) for each in found] == [
        (timedelta(0), 3),
        (timedelta(minutes=131), 1),
        (timedelta(minutes=400), 1),
    ]


def test_slow_then_down_is_one_episode() -> None:
    (found,) = episodes(series([]), [*troubled(0, 10), *troubled(20, 30, 40, fault="refused")])

    assert (found.spikes, found.failures, found.worst.value) == (2, 3, 1.0)


@given(st.lists(st.integers(0, 10_000), max_size=50, unique=True).map(sorted))
def test_episodes_keep_all_troubles_and_lie_apart(minutes: list[int]) -> None:
    found = episodes(series([]), troubled(*minutes))

    assert [trouble for each in found for trouble in each.troubles] == troubled(*minutes)
    assert all(later.start - earlier.end > GAP for earlier, later in pairwise(found))


def test_an_episode_is_fresh_unless_an_alert_lies_shortly_before() -> None:
    assert is_fresh(episode(0, 1), None)
    assert not is_fresh(episode(0, 3), NOON)  # it goes on
    assert not is_fresh(episode(1.5, 3), NOON)  # its first spikes are none any more
    assert is_fresh(episode(REST / timedelta(hours=1), 19), NOON)


def test_an_episode_without_news_is_not_fresh() -> None:
    known = Episode(series([]).of, (Trouble(NOON, NOON, 1.0, 0.1),))

    assert known.alert is None
    assert not is_fresh(known, None)


def test_a_chain_of_spikes_does_not_silence_a_later_one() -> None:
    latencies = [0.02] * 200
    for place in range(200, 200 + 36 * 3 + 1, 36):  # every six hours
        latencies += [0.02] * (place - len(latencies)) + [2.0]

    alerts = [each for each in found_in(series(latencies)) if each.alert]

    assert [(each.start - NOON) // EVERY for each in alerts] == [200, 200 + REST // EVERY]


def test_failures_alone_are_the_breakers_news() -> None:
    (found,) = episodes(series([]), troubled(0, 10, 20, fault="refused"))

    assert found.alert is None
