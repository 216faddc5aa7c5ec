"""Causes: the same reason at another time is the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from flows.decisions.cadence import decide
from flows.decisions.choice import Decision
from flows.decisions.load import Load
from flows.decisions.situation import Situation
from tasks.builtin.analysis.causes import cause
from tasks.builtin.analysis.expected import Expected
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import Reading

NOON = datetime(2026, 3, 4, 12, 3, tzinfo=UTC)
TABLE: dict[str, Any] = {
    "groups": {
        "first": {"every": "1h", "wait_at_most": "30m", "steps": ["check_health"]},
        "second": {"every": "1h", "wait_at_most": "30m", "steps": ["check_health"]},
    },
    "timezone": "UTC",
}
CALM, BUSY = Reading(NOON, 10.0, 1.0, 2**33), Reading(NOON, 83.4, 1.0, 2**33)


def takes(first: float, second: float) -> dict[str, Expected]:
    return {"first": Expected(first, first), "second": Expected(second, second)}


@pytest.mark.parametrize(
    ("load", "comes_to"),
    [
        (Load([BUSY]), "others use too much of the CPU"),
        (Load([replace(CALM, memory_available=2**28)]), "too little memory is left"),
        (Load([replace(BUSY, others=65.0)], lambda at: 65.0 - at.minute), "it is usually quieter later"),
        (
            Load([CALM], None, {"first": Expected(200, 200), "second": Expected(150, 150)}),
            "too little of the beat is left",
        ),
        (
            Load([CALM], None, {"first": Expected(100, 100), "second": Expected(400, 400)}),
            "it takes longer than a beat, and first goes first",
        ),
    ],
)
def test_of_a_deferred_group_neither_figures_nor_times_count(load: Load, comes_to: str) -> None:
    choices = decide(Situation(Settings.model_validate(TABLE), {}, NOON, load=load))
    deferred = [choice.reason for choice in choices if choice.decision is Decision.DEFERRED]
    assert deferred
    assert {cause(reason) for reason in deferred} == {comes_to}


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
        (
            "a is deferred (others use 83 % of the CPU; runs below 62.5 %, or at 14:30 at the latest)",
            "a is deferred (others use too much of the CPU)",
        ),
        ("", ""),
    ],
)
def test_times_of_the_day_are_left_out(reason: str, comes_to: str) -> None:
    assert cause(reason) == comes_to
