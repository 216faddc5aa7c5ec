"""Causes: the same reason at another time is the same."""

from __future__ import annotations

import pytest

from tasks.builtin.analysis.causes import cause


@pytest.mark.parametrize(
    ("reason", "comes_to"),
    [
        ("health_check failed at 02:10", "health_check failed"),
        ("running since 10:05", "running"),
        ("health_check is busy (running since 10:05)", "health_check is busy (running)"),
        ("health_check is still running, begun at 10:05", "health_check is still running"),
        ("b waits (a timed out at 02:10)", "b waits (a timed out)"),
        ("a is due itself", "a is due itself"),
        ("the service at port 8080 is down", "the service at port 8080 is down"),
        ("", ""),
    ],
)
def test_times_of_the_day_are_left_out(reason: str, comes_to: str) -> None:
    assert cause(reason) == comes_to
