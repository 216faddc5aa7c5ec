"""A run that is under way beside what its kind takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flows.decisions.durations import late
from flows.decisions.group_runs import Run
from tasks.builtin.analysis.expected import Expected
from tasks.outcome import Outcome

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "runs", "is_late"), [(70.0, 50, False), (70.1, 50, True), (70.1, 7, True), (700.0, 6, False)]
)
def test_a_run_is_late_once_it_takes_longer_than_nine_of_ten(
    seconds: float, runs: int, is_late: bool
) -> None:
    running = Run(NOON - timedelta(seconds=seconds))

    assert late(running, Expected(40.0, 70.0, runs), NOON) is is_late
    assert Expected(40.0, 70.0).sentence == "usually 40 s, 1 min 10 s at most"


def test_what_has_ended_or_not_begun_or_is_not_known_is_never_late() -> None:
    hours_ago = NOON - timedelta(hours=5)
    needs = Expected(40.0, 70.0)
    assert not late(Run(hours_ago, NOON, Outcome.COMPLETED), needs, NOON)
    assert not late(Run(hours_ago, has_begun=False), needs, NOON)
    assert not late(Run(hours_ago), None, NOON)
    assert not late(None, needs, NOON)
