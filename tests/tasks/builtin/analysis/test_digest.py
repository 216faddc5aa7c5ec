"""Digests: what many events, probes and samples come to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.analysis.digest import (
    FigureDigest,
    GroupDigest,
    figure_digest,
    groups_digest,
    services_digest,
    steps_digest,
)
from tasks.outcome import Outcome
from tasks.store.measurements import GroupEvent, Probe, Sample, StepUsage, Transition

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def event(
    decision: str, outcome: Outcome | None = None, seconds: float | None = None, reason: str = ""
) -> GroupEvent:
    return GroupEvent(NOON, "a", decision, reason, outcome, seconds)


def used(at: datetime, seconds: float, **more: Any) -> StepUsage:
    cost: dict[str, Any] = {"attempt": 1, "outcome": Outcome.COMPLETED, "cpu_seconds": 1.0, "peak_memory": 10}
    cost |= {"group": "a", "step": "backup", **more}
    return StepUsage(at, seconds=seconds, **cost)


def test_groups_stand_in_the_order_given_and_others_after_them() -> None:
    found = groups_digest([GroupEvent(NOON, "gone", "run", "", Outcome.COMPLETED, 1.0)], ["b", "a"])
    assert [(group.group, group.runs) for group in found] == [("b", 0), ("a", 0), ("gone", 1)]


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [
        (Outcome.COMPLETED, (1, 1, 0)),
        (Outcome.FAILED, (1, 0, 1)),
        (Outcome.TIMED_OUT, (1, 0, 1)),
        (Outcome.CRASHED, (1, 0, 1)),
        (None, (0, 0, 0)),  # not over
    ],
)
def test_a_run_counts_by_how_it_ended(outcome: Outcome | None, counts: tuple[int, int, int]) -> None:
    (group,) = groups_digest([event("run", outcome)], ["a"])
    assert (group.runs, group.completed, group.failed) == counts
    assert group.last_failure == (NOON if counts[2] else None)


def test_what_was_not_due_is_no_wait_and_the_most_common_reason_is_told() -> None:
    reasons = ["b failed", "b failed", "CPU 91 %"]
    events = [event("waits", reason=reason) for reason in reasons] + [event("not_due", reason="ran")] * 5
    (group,) = groups_digest(events, ["a"])
    assert (group.waits, group.reason) == (3, "b failed")


def test_a_wait_without_a_reason_is_told_by_its_decision() -> None:
    (group,) = groups_digest([event("busy")], ["a"])
    assert group.reason == "busy"


def test_a_group_without_events_has_nothing_to_tell() -> None:
    assert groups_digest([], ["a"]) == (GroupDigest("a", 0, 0, 0, 0, "", None, None, None),)


def test_a_run_whose_end_nobody_saw_has_no_part_in_the_seconds() -> None:
    (group,) = groups_digest([event("run", Outcome.CRASHED), event("run", Outcome.COMPLETED, 4.0)], ["a"])
    assert (group.runs, group.mean_seconds, group.longest_seconds) == (2, 4.0, 4.0)


def test_an_endpoint_that_never_answered_has_no_latency() -> None:
    (service,) = services_digest([Probe("llm", NOON, False, 0.5, "answered 503")])
    assert (service.availability, service.mean_latency, service.p95) == (0.0, None, None)


def test_a_breaker_is_as_it_was_last_left_however_long_ago() -> None:
    probes = [Probe("llm", NOON, True, 0.1), Probe("never tripped", NOON, True, 0.1)]
    opened = Transition("llm", NOON - 1000 * HOUR, "closed", "open", "3 failures in a row")
    (llm, other) = services_digest(probes, [], {"llm": opened})
    assert (llm.breaker, llm.opened) == ("open", 0)
    assert (other.breaker, other.opened) == ("closed", 0)


def test_only_what_opens_a_breaker_counts_as_opened() -> None:
    states = ["closed", "open", "half_open", "open", "half_open", "closed"]
    moves = [Transition("llm", NOON, before, after, "") for before, after in pairwise(states)]
    (service,) = services_digest([Probe("llm", NOON, True, 0.1)], moves, {"llm": moves[-1]})
    assert (service.breaker, service.opened) == ("closed", 2)


def test_steps_stand_by_the_time_they_took_in_all() -> None:
    often = [used(NOON, 3.0, step="often")] * 5
    found = steps_digest([used(NOON, 10.0, step="long"), *often], NOON)
    assert [step.step for step in found] == ["often", "long"]


def test_what_is_usual_is_the_median_of_before_and_one_odd_day_does_not_change_it() -> None:
    before = [used(NOON - HOUR, seconds) for seconds in (40.0, 41.0, 39.0, 4000.0, 40.0)]
    (step,) = steps_digest([*before, used(NOON, 120.0)], NOON)
    assert (step.runs, step.mean_seconds, step.usual_seconds) == (1, 120.0, 40.0)


def test_a_step_that_did_not_run_lately_or_was_skipped_is_left_out() -> None:
    skipped = used(NOON, 0.0, step="gone", outcome=Outcome.SKIPPED)
    assert steps_digest([used(NOON - HOUR, 1.0), skipped], NOON) == ()


def test_the_same_step_in_two_groups_is_two() -> None:
    found = steps_digest([used(NOON, 1.0), used(NOON, 2.0, group="b")], NOON)
    assert [(step.group, step.runs) for step in found] == [("b", 1), ("a", 1)]


def test_costs_that_could_not_be_measured_are_nothing() -> None:
    (step,) = steps_digest([used(NOON, 1.0, cpu_seconds=None, peak_memory=None)], NOON)
    assert (step.cpu_seconds, step.peak_memory) == (0.0, 0)


def test_a_figure_has_its_mean_its_highest_and_its_latest() -> None:
    samples = [Sample(NOON, "cpu_percent", value) for value in (10.0, 90.0, 20.0)]
    assert figure_digest("CPU", samples) == FigureDigest("CPU", 40.0, 90.0, 20.0)
    assert figure_digest("CPU", []) is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["run", "waits", "busy", "not_due"]), st.none() | st.sampled_from(Outcome))
    )
)
def test_every_event_is_a_run_that_is_over_a_wait_or_nothing(story: list[tuple[str, Outcome | None]]) -> None:
    (group,) = groups_digest([event(decision, outcome) for decision, outcome in story], ["a"])
    assert group.runs == sum(decision == "run" and outcome is not None for decision, outcome in story)
    assert group.waits == sum(decision in ("waits", "busy") for decision, _ in story)
    assert group.completed + group.failed <= group.runs
