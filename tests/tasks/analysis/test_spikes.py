"""What counts as a latency spike, by tables and properties."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.analysis.spikes import ENOUGH, LEAST_EXCESS, spikes, threshold_of
from tasks.measurements import Probe

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)

latencies = st.lists(st.floats(min_value=1e-6, max_value=60), min_size=ENOUGH, max_size=100)


def probes(*seconds: float, at: datetime = NOON) -> list[Probe]:
    return [Probe("llm", at + timedelta(minutes=n), True, latency) for n, latency in enumerate(seconds)]


@pytest.mark.parametrize(
    ("usual", "outlier", "is_spike"),
    [
        ([0.022] * 40, 0.0221, False),  # constant but for microseconds
        ([0.022] * 40, 0.041, False),  # less than 20 ms above
        ([0.022] * 40, 0.043, True),
        ([1.0] * 40, 1.4, False),  # less than half of the median above
        ([1.0] * 40, 1.6, True),
        ([0.2, 0.25, 0.3] * 14, 0.6, False),  # scatters by 0.05: up to 0.25 + 6 × 1.4826 × 0.05 = 0.69
        ([0.2, 0.25, 0.3] * 14, 0.8, True),
    ],
)
def test_a_spike_stands_out_from_what_is_usual(usual: list[float], outlier: float, is_spike: bool) -> None:
    found = spikes("llm", probes(*usual, outlier), BERLIN)
    assert [probe.latency for probe in found.spikes] == ([outlier] if is_spike else [])


def test_spikes_do_not_hide_each_other() -> None:
    found = spikes("llm", probes(*[0.02] * 60, *[5.0] * 25), BERLIN)
    assert len(found.spikes) == 25


def test_too_few_answers_tell_nothing() -> None:
    found = spikes("llm", probes(*[0.02] * (ENOUGH - 2), 9.0), BERLIN)
    assert (found.count, found.median, found.threshold, found.spikes) == (ENOUGH - 1, None, None, ())


def test_a_fixed_threshold_needs_no_minimum_of_answers() -> None:
    found = spikes("llm", probes(0.9, 1.0, 1.1), BERLIN, fixed=1.0)
    assert [probe.latency for probe in found.spikes] == [1.1]


def test_a_fixed_threshold_without_an_answer_tells_nothing() -> None:
    assert spikes("llm", [], BERLIN, fixed=1.0).threshold is None


def test_failed_probes_are_no_spikes() -> None:
    failed = [Probe("llm", NOON, False, 30.0, "answered 500"), Probe("llm", NOON, False, None, "gone")]
    found = spikes("llm", [*probes(*[0.02] * ENOUGH), *failed], BERLIN)
    assert (found.count, found.spikes) == (ENOUGH, ())


def test_hours_are_those_of_the_zone() -> None:
    usual = probes(*[0.02] * ENOUGH)
    late = [*probes(5.0, 6.0, at=NOON), *probes(7.0, at=NOON + timedelta(hours=11, minutes=30))]
    found = spikes("llm", [*usual, *late], BERLIN)
    assert found.by_hour == {0: 1, 13: 2}
    assert found.worst == late[-1]


def test_no_spike_has_no_worst() -> None:
    assert spikes("llm", probes(*[0.02] * ENOUGH), BERLIN).worst is None


@given(latencies)
def test_a_spike_is_above_the_threshold_and_nothing_else_is(seconds: list[float]) -> None:
    found = spikes("llm", probes(*seconds), BERLIN)
    assert found.threshold is not None
    assert [probe.latency for probe in found.spikes] == [s for s in seconds if s > found.threshold]
    assert sum(found.by_hour.values()) == len(found.spikes)


@given(latencies)
def test_never_are_more_than_half_spikes(seconds: list[float]) -> None:
    assert len(spikes("llm", probes(*seconds), BERLIN).spikes) <= len(seconds) / 2


@given(latencies)
def test_the_threshold_is_well_above_the_median_and_knows_no_order(seconds: list[float]) -> None:
    assert threshold_of(seconds) >= median(seconds) + LEAST_EXCESS
    assert threshold_of(seconds) == threshold_of(sorted(seconds))
