"""Replans: rates, causes, hours and sequences, and what is to be changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.analysis.replans import Replans, analyze
from tasks.builtin.analysis.sequences import sequences
from tasks.outcome import Outcome
from tasks.store.measurements import GroupEvent, StepUsage

MIDNIGHT = datetime(2026, 3, 4, tzinfo=UTC)
BEAT = timedelta(minutes=5)


def beats(group: str, story: str, start: datetime = MIDNIGHT, every: timedelta = BEAT) -> list[GroupEvent]:
    """One decision a letter: + ran well, - failed, w waits, b busy, . not due."""
    kinds = {
        "+": ("run", "", Outcome.COMPLETED),
        "-": ("run", "", Outcome.FAILED),
        "w": ("waits", "health_check failed", None),
        "b": ("busy", "another beat is running", None),
        "d": ("deferred", "CPU is 91 % busy", None),
        ".": ("not_due", "", None),
    }
    found = []
    for index, letter in enumerate(story):
        decision, reason, outcome = kinds[letter]
        found.append(GroupEvent(start + index * every, group, decision, reason, outcome))
    return found


def of(*events: GroupEvent) -> Replans:
    return analyze(sorted(events, key=lambda event: event.at), [], UTC)


def test_rates_are_of_the_beats_in_which_a_group_was_due() -> None:
    (group,) = of(*beats("a", "+..w.w+-..b")).groups
    assert (group.due, group.ran, group.failed) == (6, 3, 1)
    assert group.decisions == {"waits": 2, "busy": 1}
    assert group.rate == 0.5
    assert group.causes == (("health_check failed", 2), ("another beat is running", 1))


def test_what_often_waits_is_told_with_its_numbers_and_cause() -> None:
    found = of(*beats("a", "w" * 4 + "+" * 8))
    assert found.recommendations == [
        "a waits in 33% of the 12 beats in which it was due, 4 times because health_check failed: fix that "
        "group first, or take it out of `after` if it need not come before"
    ]


@pytest.mark.parametrize(
    ("story", "words"),
    [
        ("b" * 4 + "+" * 8, "holds the lock"),
        ("d" * 4 + "+" * 8, "give it another time"),
        ("-" * 4 + "+" * 8, "fails in 33% of 12 runs"),
    ],
)
def test_the_advice_depends_on_what_happens(story: str, words: str) -> None:
    (advice,) = of(*beats("a", story)).recommendations
    assert words in advice


def test_the_same_cause_at_other_times_is_the_same() -> None:
    waits = [
        GroupEvent(MIDNIGHT + index * BEAT, "a", "waits", f"health_check failed at 00:{5 * index:02}")
        for index in range(6)
    ]
    (group,) = of(*waits).groups
    assert group.causes == (("health_check failed", 6),)


def test_the_rate_and_the_cause_told_are_those_of_the_same_decision() -> None:
    mixed = [*beats("a", "bbbbbwwww"), *beats("a", "+++", MIDNIGHT + 9 * BEAT)]
    (advice,) = of(*mixed).recommendations
    assert advice.startswith("a is busy in 42% of the 12 beats in which it was due, 5 times because another")


def test_a_group_that_waits_for_one_that_is_due_is_not_told_to_mend_it() -> None:
    waits = [GroupEvent(MIDNIGHT + index * BEAT, "a", "waits", "b is due itself") for index in range(4)]
    (advice,) = of(*waits, *beats("a", "+" * 8, MIDNIGHT + 4 * BEAT)).recommendations
    assert "4 times because b is due itself: let both be due" in advice


@pytest.mark.parametrize("story", ["", "+" * 50, "w" + "+" * 11, "w" * 4 + "+" * 5, "...."])
def test_what_is_rare_or_hardly_known_needs_no_change(story: str) -> None:
    assert of(*beats("a", story)).recommendations == []


def test_an_hour_of_the_day_that_is_worse_than_the_others_is_told() -> None:
    days = [MIDNIGHT + timedelta(days=day) for day in range(8)]
    quiet = [event for day in days for event in beats("a", "+" * 20, day + timedelta(hours=5))]
    nightly = [event for day in days for event in beats("a", "w+", day + timedelta(hours=2))]
    (advice,) = of(*quiet, *nightly).recommendations
    assert advice.startswith("a is blocked in 50% of the beats from 02:00 to 02:59 (8 of 16), 5% over")


def test_steps_that_are_retried_or_skipped_are_told() -> None:
    def used(step: str, attempt: int, outcome: Outcome) -> StepUsage:
        return StepUsage(MIDNIGHT, "a", step, attempt, outcome, 1.0, None, None)

    steps = [used("backup", 1, Outcome.COMPLETED)] * 10 + [used("backup", 2, Outcome.COMPLETED)] * 2
    steps += [used("gone", 1, Outcome.SKIPPED)] * 10
    advice = analyze([], steps, UTC).recommendations
    assert advice[0].startswith("a / backup needs another attempt in 20% of 10 runs")
    assert advice[1].startswith("a / gone is skipped in 100% of 10 runs")


def test_what_comes_one_after_the_other_again_and_again_is_a_sequence() -> None:
    events = []
    for day in range(4):
        start = MIDNIGHT + timedelta(days=day)
        events += beats("health", "-", start) + beats("performance", "ww", start + BEAT)
        events += beats("system", "b", start + 3 * BEAT)
    (found,) = sequences(events)
    assert str(found) == "health failed → performance waits → system busy"
    assert found.count == 4


def test_replans_that_lie_apart_are_no_sequence() -> None:
    hourly = timedelta(hours=1)
    assert sequences(beats("a", "-w-w-w-w", every=hourly)) == ()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("+-wb.")), max_size=100))
def test_nothing_is_lost_or_counted_twice(story: list[tuple[str, str]]) -> None:
    events = [beats(group, letter, MIDNIGHT + index * BEAT)[0] for index, (group, letter) in enumerate(story)]
    found = analyze(events, [], UTC)
    assert found.due == sum(letter != "." for _, letter in story)
    assert found.held == sum(letter in "wb" for _, letter in story)
    assert all(sum(due for _, due in group.by_hour.values()) == group.due for group in found.groups)
    assert all(0 <= group.rate <= 1 for group in found.groups)
