"""What a beat decides for groups in other lanes than its own, and for what comes after them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flows.decisions.cadence import decide, run_order
from flows.decisions.choice import Choice, Decision
from flows.decisions.group_runs import Run
from flows.decisions.situation import Situation
from flows.decisions.timetable import timetable
from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import Settings
from tests.flows.rhythms import ALL_WELL, Ends, rhythm

LANES: dict[str, dict[str, Any]] = {
    "report": {"every": "6h", "after": ["backup"]},
    "backup": {"every": "60m", "lane": "long"},
    "archive": {"every": "60m", "lane": "long"},
    "health": {"every": "10m"},
}


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}+00:00")


def ran(begun: str, ended: str | None, outcome: Outcome = Outcome.COMPLETED) -> Run:
    return Run(at(begun), at(ended), outcome) if ended else Run(at(begun))


def decided(
    history: dict[str, list[Run]], now: str, would_end: Ends = ALL_WELL, **options: object
) -> dict[str, Choice]:
    situation = Situation(rhythm(groups=LANES), history, at(now), **options)  # type: ignore[arg-type]
    choices = decide(situation, would_end=would_end)
    return {choice.group: choice for choice in choices}


def stands(choices: dict[str, Choice]) -> dict[str, tuple[str, str]]:
    return {name: (choice.decision.value, choice.reason) for name, choice in choices.items()}


def test_one_group_of_a_lane_is_started_and_main_goes_on() -> None:
    choices = decided({}, "12:00")

    assert stands(choices) == {
        "backup": ("run", "due since 12:00"),
        "report": ("waits", "backup has just been started in the lane long"),
        "archive": ("busy", "backup has just been started in the lane long"),
        "health": ("run", "due since 12:00"),
    }
    assert choices["backup"].is_started
    assert choices["health"].outcome is Outcome.COMPLETED
    assert choices["backup"].label == "backup (long)"


def test_a_paused_group_is_waited_for_once_it_was_started_all_the_same() -> None:
    groups = {**LANES, "backup": {**LANES["backup"], "enabled": False}}
    situation = Situation(rhythm(groups=groups), {}, at("12:00"))
    forced = replace(situation, force=["backup"])

    reports = [{choice.group: choice for choice in decide(each)}["report"] for each in (situation, forced)]

    assert [report.decision for report in reports] == [Decision.RUN, Decision.WAITS]
    assert reports[1].reason == "backup has just been started in the lane long"


@pytest.mark.parametrize(
    ("run", "state", "blocked"),
    [
        (ran("11:50", None), "running since 11:50", "is still running, begun at 11:50"),
        (
            Run(at("12:01"), has_begun=False),
            "waiting for a worker since 12:01",
            "waits for a worker, asked for at 12:01",
        ),
    ],
)
def test_while_a_run_is_under_way_since_whatever_slot_nothing_else_of_its_lane_begins(
    run: Run, state: str, blocked: str
) -> None:
    choices = decided({"backup": [ran("11:00", "11:05"), run]}, "12:05", force=["backup", "archive"])

    assert stands(choices)["backup"] == ("busy", state)
    assert stands(choices)["report"] == ("waits", f"backup {blocked}")
    assert stands(choices)["archive"] == ("busy", f"backup {blocked}, in the lane long")
    assert not any(choice.failing for choice in choices.values())


def test_what_waited_for_a_run_goes_on_when_it_has_completed_though_in_the_next_slot() -> None:
    choices = decided({"backup": [ran("11:05", "12:20")], "archive": [ran("12:21", None)]}, "12:25")

    assert stands(choices)["backup"] == ("not_due", "ran at 11:05")
    assert stands(choices)["report"] == ("run", "due since 12:00")


def test_in_main_a_run_counts_for_the_slot_that_it_begins_in_alone() -> None:
    assert decided({"health": [ran("11:59", "12:01")]}, "12:05")["health"].decision is Decision.RUN


def test_the_group_goes_first_that_has_not_run_for_the_longest() -> None:
    history = {"backup": [ran("11:30", "11:40")], "archive": [ran("11:10", "11:20")]}

    choices = decided(history, "12:00")

    assert stands(choices)["backup"] == ("busy", "archive has just been started in the lane long")
    assert choices["archive"].is_started
    assert decided(history, "12:00", force=["backup"])["backup"].is_started


@pytest.mark.parametrize("outcome", [Outcome.COMPLETED, Outcome.FAILED])
def test_one_that_may_run_after_this_beats_own_groups_goes_first_and_if_it_may_not_the_next_one_does(
    outcome: Outcome,
) -> None:
    settings = rhythm(groups=LANES, archive={"after": ["health"]})
    history = {"backup": [ran("11:30", "11:40")], "archive": [ran("11:10", "11:20")]}

    found = decide(Situation(settings, history, at("12:00")), would_end=lambda name: outcome)

    started = [choice.group for choice in found if choice.is_started]
    assert started == ["archive" if outcome is Outcome.COMPLETED else "backup"]
    assert len(found) == 4


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.SKIPPED, Outcome.CRASHED])
def test_what_did_not_complete_is_tried_again_at_the_next_regular_beat(outcome: Outcome) -> None:
    history = {"backup": [ran("12:01", "12:02", outcome)], "archive": [ran("12:00", "12:01")]}

    choices = decided(history, "12:03")
    assert choices["backup"].decision is Decision.WAITS
    assert choices["backup"].next_due == at("12:05")
    assert choices["backup"].failing
    assert choices["report"].failing
    assert decided(history, "12:05")["backup"].is_started


def test_a_skipped_run_uses_up_neither_its_slot_nor_an_attempt() -> None:
    history = {"health": [ran(f"12:0{minute}", f"12:0{minute}", Outcome.SKIPPED) for minute in range(5)]}

    choice = decided(history, "12:05", would_end=lambda name: Outcome.SKIPPED)["health"]

    assert (choice.decision, choice.reason) == (Decision.RUN, "due since 12:00")


def test_without_a_worker_they_run_last_and_then_what_waits_for_them() -> None:
    choices = decided({}, "12:00", apart=False)

    assert {choice.outcome for choice in choices.values()} == {Outcome.COMPLETED}


def test_something_that_holds_main_holds_no_other_lane() -> None:
    choices = decided({}, "12:00", held_by="another beat")

    assert stands(choices)["health"] == ("busy", "another beat")
    assert choices["backup"].is_started


def test_a_plan_has_what_waits_for_a_lane_in_the_beat_that_its_end_brings() -> None:
    start = datetime(2026, 3, 2, 12, tzinfo=UTC)

    beats = list(timetable(rhythm(groups=LANES), start, start + timedelta(minutes=5)))

    assert [
        [choice.group for choice in beat.choices if choice.decision is Decision.RUN] for beat in beats
    ] == [
        ["backup", "health"],
        ["report", "archive"],
    ]
    failing = list(timetable(rhythm(groups=LANES), start, start + timedelta(minutes=5), ["backup"]))
    ran = [choice.outcome for beat in failing for choice in beat.choices if choice.group == "backup"]
    assert ran.count(Outcome.FAILED) == 1


def test_there_are_eight_lanes_at_most() -> None:
    groups: dict[str, dict[str, Any]] = {
        f"g{number}": {"every": "1h", "lane": f"lane_{number}"} for number in range(7)
    }
    assert isinstance(rhythm(groups=groups), Settings)

    with pytest.raises(ValueError, match="is the 9th lane"):
        rhythm(groups={**groups, "more": {"every": "1h", "lane": "one_more"}})


def test_where_lanes_are_not_apart_what_may_take_hours_comes_after_all_of_main() -> None:
    situation = Situation(rhythm(groups=LANES), {}, at("12:00"), apart=False)

    earlier: dict[str, Choice] = {}
    for choice in run_order(lambda: situation, earlier):
        earlier[choice.group] = replace(choice, outcome=Outcome.COMPLETED)

    assert list(earlier) == ["health", "backup", "report", "archive"]
