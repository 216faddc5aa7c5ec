"""Which spikes are worth an alert."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.analysis.news import ALIKE, ENOUGH, REST, WITHIN, News

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)

#: Hours between spikes, and how strong they are.
spikes = st.lists(st.tuples(st.integers(0, 60), st.floats(1, 1e6)), max_size=60)


def chosen(found: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those spikes (hours after Monday, strength) that are news."""
    news = News()
    return [spike for spike in found if news.is_news(MONDAY + timedelta(hours=spike[0]), spike[1])]


def times(steps: list[tuple[int, float]]) -> list[tuple[float, float]]:
    hours, found = 0, []
    for step, strength in steps:
        hours += step
        found.append((float(hours), strength))
    return found


def test_a_chain_of_spikes_does_not_silence_what_comes_after_the_rest() -> None:
    assert chosen([(hour, 2.0) for hour in range(24)]) == [(0, 2.0), (18, 2.0)]


def test_the_fourth_as_strong_is_no_news_until_the_first_is_six_days_ago() -> None:
    assert chosen([(hour, 2.0) for hour in (0, 24, 48, 72, 96, 143, 144)]) == [
        (hour, 2.0) for hour in (0, 24, 48, 144)
    ]


def test_a_stronger_one_is_news_whatever_came_before() -> None:
    before = [(0.0, 2.0), (24.0, 2.0), (48.0, 2.0)]
    assert chosen([*before, (72.0, 2.0 * ALIKE)]) == before
    assert chosen([*before, (72.0, 2.1 * ALIKE)])[-1] == (72.0, 2.1 * ALIKE)


@given(spikes)
def test_alerts_lie_apart_and_the_first_spike_is_one(steps: list[tuple[int, float]]) -> None:
    found = times(steps)
    alerts = [hours for hours, _ in chosen(found)]
    assert alerts[:1] == [hours for hours, _ in found[:1]]
    assert all(b - a >= REST / timedelta(hours=1) for a, b in pairwise(alerts))


@given(spikes)
def test_there_are_no_more_alike_in_six_days_than_enough(steps: list[tuple[int, float]]) -> None:
    within = WITHIN / timedelta(hours=1)
    alerts = chosen(times(steps))
    for index, (at, strength) in enumerate(alerts):
        before = [s for hours, s in alerts[:index] if at - hours < within and strength <= ALIKE * s]
        assert len(before) < ENOUGH


@given(spikes, st.sampled_from([0.25, 2.0, 1024.0]))
def test_the_unit_of_strength_does_not_matter(steps: list[tuple[int, float]], unit: float) -> None:
    found = times(steps)
    assert chosen([(at, strength * unit) for at, strength in found]) == [
        (at, strength * unit) for at, strength in chosen(found)
    ]
