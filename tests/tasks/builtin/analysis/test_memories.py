"""Two memories of what ran: every run once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.analysis.memories import merged
from tasks.outcome import Outcome
from tasks.store.measurements import GroupEvent

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def run(
    second: float, seconds: float | None = 10.0, outcome: Outcome | None = Outcome.COMPLETED
) -> GroupEvent:
    return GroupEvent(NOON + timedelta(seconds=second), "a", "run", "", outcome, seconds)


def test_a_run_of_both_counts_once_and_as_prefect_tells_it() -> None:
    reported = run(0.3, 9.5, Outcome.CRASHED)
    assert merged([run(0)], [reported]) == [reported]


def test_what_only_one_of_them_has_is_there() -> None:
    assert merged([run(0)], [run(60)]) == [run(0), run(60)]


def test_a_run_by_hand_that_waited_for_its_turn_began_earlier_for_prefect() -> None:
    beat, by_hand = run(10, 60), run(0, 120)
    assert merged([beat, run(80, 40)], [by_hand, beat]) == [by_hand, beat]


def test_a_run_that_is_not_over_hides_none_that_is() -> None:
    assert len(merged([run(0)], [run(-100, None, None)])) == 2


def test_what_waited_is_never_dropped() -> None:
    waits = GroupEvent(NOON, "a", "waits", "b failed")
    assert merged([waits], [run(0)]) == [waits, run(0)] or merged([waits], [run(0)]) == [run(0), waits]


@given(st.lists(st.integers(0, 1000), unique=True), st.sets(st.integers(0, 1000)))
def test_whatever_is_missing_in_either_the_other_has_it(begins: list[int], lost: set[int]) -> None:
    kept = [run(60 * each) for each in begins if each not in lost]
    remembered = [run(60 * each + 0.5) for each in begins]
    assert merged(kept, remembered) == sorted(remembered, key=lambda each: each.at)
    assert len(merged([run(60 * each) for each in begins], remembered[::2])) == len(begins)
