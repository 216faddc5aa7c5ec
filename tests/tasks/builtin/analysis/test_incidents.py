"""Troubles and incidents: what belongs together, and what is news."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.analysis.incidents import FAILURES, GAP, Incident, Trouble, incidents, news, troubles
from tasks.builtin.analysis.news import REST
from tasks.store.measurements import Probe

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
EVERY = timedelta(minutes=10)


def answers(latencies: Sequence[float | None]) -> list[Probe]:
    """Probes every ten minutes; None is a failure."""
    return [Probe("llm", NOON + n * EVERY, each is not None, each) for n, each in enumerate(latencies)]


def troubled(*minutes: float, ok: bool = True) -> list[Trouble]:
    return [
        Trouble(Probe("llm", NOON + timedelta(minutes=m), ok, 1.0 if ok else None), is_news=ok)
        for m in minutes
    ]


def incident(start: float, end: float) -> Incident:
    """Hours after noon."""
    return Incident("llm", tuple(troubled(start * 60, end * 60)))


def test_a_spike_tells_what_was_expected() -> None:
    (found,) = troubles(answers([0.02] * 150 + [2.0]), BERLIN)
    assert (found.latency, found.expected) == (2.0, 0.02)


def test_a_fixed_threshold_needs_no_past() -> None:
    found = troubles(answers([0.9, 1.0, 1.1]), BERLIN, fixed=1.0)
    assert [(each.latency, each.expected) for each in found] == [(1.1, None)]


@pytest.mark.parametrize(("row", "counted"), [(FAILURES - 1, 0), (FAILURES, FAILURES), (9, 9)])
def test_failures_in_a_row_are_trouble(row: int, counted: int) -> None:
    found = troubles(answers([0.02, *[None] * row, 0.02]), BERLIN)
    assert len(found) == counted
    assert not any(each.latency for each in found)


def test_failures_at_one_moment_are_one() -> None:
    at_once = [Probe("llm", NOON, False, None, "refused")] * 5  # a benchmark asks several times
    assert troubles(at_once, BERLIN) == []


def test_failures_between_answers_are_bad_luck() -> None:
    assert troubles(answers([None, 0.02, None, 0.02, None, 0.02]), BERLIN) == []


def test_what_is_close_together_is_one_incident() -> None:
    found = incidents(troubled(0, 10, 70, 131, 400))
    assert [(each.start - NOON, each.spikes) for each in found] == [
        (timedelta(0), 3),
        (timedelta(minutes=131), 1),
        (timedelta(minutes=400), 1),
    ]


def test_slow_then_down_is_one_incident() -> None:
    (found,) = incidents([*troubled(0, 10), *troubled(20, 30, 40, ok=False)])
    assert (found.spikes, found.failures, found.worst.latency) == (2, 3, 1.0)


@given(st.lists(st.integers(0, 10_000), max_size=50, unique=True).map(sorted))
def test_incidents_keep_all_troubles_and_lie_apart(minutes: list[int]) -> None:
    found = incidents(troubled(*minutes))
    assert [trouble for each in found for trouble in each.troubles] == troubled(*minutes)
    assert all(later.start - earlier.end > GAP for earlier, later in pairwise(found))


def test_an_incident_is_news_once() -> None:
    found = [incident(0, 1), incident(3, 4), incident(20, 21)]
    assert news(found, None) == [found[0], found[2]]  # the second belongs to the first
    assert news(found, NOON) == [found[2]]
    assert news(found, NOON + timedelta(hours=20)) == []


def test_one_that_goes_on_or_is_seen_otherwise_is_no_news() -> None:
    alerted = NOON
    assert news([incident(0, 3)], alerted) == []
    assert news([incident(1.5, 3)], alerted) == []  # its first spikes are none any more
    assert news([incident(REST / timedelta(hours=1), 19)], alerted) != []


def test_an_incident_without_news_is_none() -> None:
    known = Incident("llm", (Trouble(Probe("llm", NOON, True, 1.0), 0.1),))
    assert (known.alert, news([known], None)) == (None, [])


def test_a_chain_of_spikes_does_not_silence_a_later_incident() -> None:
    latencies = [0.02] * 200
    for place in range(200, 200 + 36 * 3 + 1, 36):  # every six hours
        latencies += [0.02] * (place - len(latencies)) + [2.0]
    found = news(incidents(troubles(answers(latencies), BERLIN)), None)
    assert [(each.start - NOON) // timedelta(minutes=10) for each in found] == [200, 272]


def test_failures_alone_are_the_breakers_news() -> None:
    assert news(incidents(troubled(0, 10, 20, ok=False)), None) == []
