"""Steps with `days` or `every` of their own: which run in which of their group's runs, and how that ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flows.decisions.steps import NOT_TODAY, concluded, not_run, not_today
from tasks.outcome import Outcome, StepResult
from tasks.settings.groups import GroupSettings

BERLIN = ZoneInfo("Europe/Berlin")


def group(**step: Any) -> GroupSettings:
    steps = ["check_health", {"run": "cleanup_processes", "name": "rare", **step}]
    return GroupSettings.model_validate({"at": "03:00", "steps": steps})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("now", "left_out"),
    [
        ("2026-03-02T03:00", set()),  # a Monday
        ("2026-03-03T02:55", set()),  # Monday's slot still
        ("2026-03-03T03:00", {"rare"}),
        ("2026-03-02T02:55", {"rare"}),  # Sunday's
    ],
)
def test_a_step_with_days_runs_in_the_slots_that_begin_on_them(now: str, left_out: set[str]) -> None:
    assert not_today(group(days=["mon"]), at(now), BERLIN, None) == left_out


def test_a_weekly_step_of_a_daily_group_runs_once_a_week_and_is_made_up() -> None:
    weekly, ran, completed = group(every="1w"), [], None
    start = at("2026-03-01T03:00")
    for day in range(36):
        now = start + timedelta(days=day)
        if now.day in (9, 10):  # the machine is off on a Monday and a Tuesday
            continue
        if "rare" not in not_today(weekly, now, BERLIN, completed):
            ran.append(f"{now:%a %d %b}")
        if now.day != 16:  # the group fails on a Monday
            completed = now.astimezone(UTC)

    weeks = ["Mon 02 Mar", "Wed 11 Mar", "Mon 16 Mar", "Tue 17 Mar", "Mon 23 Mar", "Mon 30 Mar"]
    assert ran == ["Sun 01 Mar", *weeks]


def test_a_group_completes_without_the_steps_that_are_not_of_today() -> None:
    made = group(days=["mon"])
    done = StepResult("check_health", Outcome.COMPLETED, 1.0)

    left_out = not_run(made, [done], not_today={"rare"})

    assert left_out == StepResult("rare", Outcome.SKIPPED, 0.0, NOT_TODAY)
    assert concluded(made, [done, left_out], 1.0).outcome is Outcome.COMPLETED


def test_a_group_completes_if_none_of_its_steps_is_of_today() -> None:
    results = [StepResult(name, Outcome.SKIPPED, 0.0, NOT_TODAY) for name in ("check_health", "rare")]

    assert concluded(group(), results, 0.1).outcome is Outcome.COMPLETED


def test_a_group_is_skipped_if_what_is_of_today_could_not_run() -> None:
    missing = StepResult("check_health", Outcome.SKIPPED, 0.0, "there is no script")
    left_out = StepResult("rare", Outcome.SKIPPED, 0.0, NOT_TODAY)

    assert concluded(group(), [missing, left_out], 0.1).outcome is Outcome.SKIPPED


def test_after_a_failure_that_stops_the_others_nothing_is_not_today() -> None:
    made = group(days=["mon"]).model_copy(update={"on_failure": "stop"})

    result = not_run(made, [StepResult("check_health", Outcome.FAILED, 1.0)], {"rare"})

    assert result is not None
    assert result.message == "not run: check_health failed"
