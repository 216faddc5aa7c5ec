"""What is advised: on made machines with one thing to improve, that; on a calm one, nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any
from unittest import mock

import pytest

from flows.advice.advising import advise
from flows.advice.changes import Change, MoveGroup, OptionalStep, RemoveStep, SetKey, changed
from flows.advice.evidence import Advice, Evidence
from tasks.outcome import Outcome
from tests.flows.machines import machine
from tests.flows.rhythms import FIVE

SECONDS = {
    "health_check": 15.0,
    "performance_analysis": 40.0,
    "system_maintenance": 60.0,
    "daily_routine": 100.0,
    "event_analysis": 80.0,
}


Groups = dict[str, dict[str, Any]]


def advised(tables: Any, recorded: Any) -> list[Advice]:
    return advise(Evidence(tables, recorded))[0]


def shown(found: list[Advice]) -> list[tuple[str, str]]:
    return [(advice.kind, advice.group) for advice in found]


def calm(at: datetime) -> float:
    return 20 + 20 * Random(int(at.timestamp()) // 60).random()


def test_on_a_calm_machine_there_is_nothing_to_change() -> None:
    assert advised(*machine(FIVE, SECONDS, calm)) == []


def test_a_failure_now_and_then_and_a_busy_minute_change_nothing() -> None:
    def others(at: datetime) -> float:
        return 90.0 if Random(int(at.timestamp()) // 300).random() < 0.04 else calm(at)

    assert advised(*machine(FIVE, SECONDS, others, chance=0.02)) == []


def test_a_daily_job_among_others_nightly_jobs_is_better_off_before_or_after_them() -> None:
    def others(at: datetime) -> float:
        return 92.0 if 2 <= at.hour < 5 else calm(at)

    found = advised(*machine(FIVE, SECONDS | {"daily_routine": 250.0}, others))

    assert shown(found)[0] == ("quieter_time", "daily_routine")
    assert found[0].changes[0] in (
        SetKey("daily_routine", "at", "01:30"),
        SetKey("daily_routine", "at", "05:00"),
    )
    assert found[0].figures[0] == ("of its time, others above 70 %", "100%", "0%")


def test_a_quieter_time_of_a_cron_keeps_its_days() -> None:
    def others(at: datetime) -> float:
        return 92.0 if 10 <= at.hour < 13 else calm(at)

    tables, recorded = machine({"report": {"cron": "0 11 * * 1-6"}}, {"report": 250.0}, others)
    found = advised(tables, recorded)

    assert [advice.changes for advice in found] == [(SetKey("report", "cron", "30 9 * * 1-6"),)]


def test_what_holds_up_checks_for_an_hour_gets_a_lane_of_its_own() -> None:
    groups = FIVE | {"copy": {"every": "4h"}}

    found = advised(*machine(groups, SECONDS | {"copy": 2700.0}, calm))

    assert shown(found) == [("lane", "copy")]
    assert found[0].changes == (SetKey("copy", "lane", "long"),)
    (what, before, after), skipped = found[0].figures
    assert what == "others' slots late or lost"
    assert int(before) > 100
    assert int(after) < 5
    assert int(skipped[1]) > 5 * int(skipped[2])


@pytest.mark.parametrize(
    ("every", "finds", "advised_interval"),
    [
        ("10m", 0, "1h"),  # never anything
        ("10m", 144, "1h"),  # once a day, which an hour each still finds in one run of 24
        ("15m", 96, "1h"),
        ("10m", 30, None),  # five times a day
    ],
)
def test_a_scan_that_takes_much_of_the_time_and_hardly_finds_anything_is_run_less_often(
    every: str, finds: int, advised_interval: str | None
) -> None:
    groups: Groups = {"health_check": {"every": "10m"}, "scan": {"every": every}}
    tables, recorded = machine(groups, {"health_check": 5.0, "scan": 120.0}, calm)
    scans = [usage for usage in recorded.usages if usage.group == "scan"]
    found_something = {usage.at for usage in scans[5 :: finds or len(scans)]} if finds else set()
    usages = [
        replace(usage, fault="a file has changed")
        if usage.group == "scan" and usage.at in found_something
        else usage
        for usage in recorded.usages
    ]

    found = advised(tables, replace(recorded, usages=usages))

    assert [advice.changes for advice in found] == (
        [(SetKey("scan", "every", advised_interval),)] if advised_interval else []
    )
    if found:
        assert found[0].figures[0][0] == "runs"
        assert found[0].why.startswith(f"{len(found_something) or 'none'} of ")


def test_a_critical_group_is_never_run_less_often() -> None:
    groups: Groups = {"health_check": {"every": "10m"}, "scan": {"every": "10m", "priority": "critical"}}

    assert advised(*machine(groups, {"health_check": 5.0, "scan": 120.0}, calm)) == []


def test_a_step_that_never_succeeds_is_made_optional_where_it_fails_its_group() -> None:
    groups: Groups = {
        "health_check": {"every": "10m"},
        "report": {"every": "6h", "steps": ["check_health", "old.py"]},
    }

    tables, recorded = machine(
        groups, {"health_check": 5.0, "report": 20.0}, calm, failing=["report"], failing_steps=["old"]
    )
    found = advised(tables, recorded)

    assert shown(found) == [("step", "report")]
    assert found[0].changes == (OptionalStep("report", 1, "old"),)
    assert found[0].figures[0] == ("failed runs", "120", "0")


@pytest.mark.parametrize("steps", [["check_health"], ["check_health", "old.py"]])
def test_a_group_of_which_no_step_ever_succeeds_is_to_be_paused(steps: list[str]) -> None:
    groups: Groups = {
        "report": {"every": "6h", "steps": steps},
        "mail": {"every": "6h", "after": ["report"]},
    }

    tables, recorded = machine(groups, {"report": 20.0, "mail": 5.0}, calm, failing=["report"])
    usages = [
        replace(usage, outcome=Outcome.FAILED) if usage.group == "report" else usage
        for usage in recorded.usages
    ]
    found = advised(tables, replace(recorded, usages=usages))

    assert [advice.changes for advice in found] == [(SetKey("report", "enabled", False),)]
    assert found[0].figures == (("failed runs", "120", "0"), ("others' slots late or lost", "39", "1"))


def test_an_optional_step_that_never_succeeds_may_go() -> None:
    steps = ["check_health", {"run": "old.py", "optional": True}]
    groups: Groups = {"report": {"every": "6h", "steps": steps}}

    found = advised(*machine(groups, {"report": 20.0}, calm, failing_steps=["old"]))

    assert [advice.changes for advice in found] == [(RemoveStep("report", 1, "old"),)]


def test_a_group_that_often_meets_bursts_of_load_is_advised_to_wait() -> None:
    def others(at: datetime) -> float:
        return 95.0 if at.minute < 20 else calm(at)

    groups: Groups = {"health_check": {"every": "10m"}, "index": {"every": "2h"}}
    found = advised(*machine(groups, {"health_check": 5.0, "index": 500.0}, others))

    assert shown(found) == [("wait", "index")]
    assert found[0].changes == (SetKey("index", "wait_at_most", "1h"),)


def test_changes_leave_the_tables_they_are_made_from_as_they_are() -> None:
    tables = {"groups": {"a": {"every": "1h", "steps": ["one", {"run": "two"}, "three"]}}}
    changes: list[Change] = [
        SetKey("a", "every", "2h"),
        OptionalStep("a", 1, "two"),
        RemoveStep("a", 0, "one"),
    ]

    made = changed(tables, changes)

    assert made["groups"]["a"] == {"every": "2h", "steps": [{"run": "two", "optional": True}, "three"]}
    assert tables["groups"]["a"]["every"] == "1h"


def test_short_groups_come_before_a_long_one_that_is_due_in_the_same_beats() -> None:
    groups = {
        "scan": {"every": "1h"},
        "mail": {"every": "1h"},
    }

    found = advised(*machine(groups, {"scan": 400.0, "mail": 10.0}, calm))

    assert shown(found) == [("order", "mail")]
    assert found[0].changes == (MoveGroup("mail", above="scan"),)
    assert int(found[0].figures[0][1]) > 200
    assert found[0].figures[0][2] == "0"


def test_of_many_groups_that_wait_for_each_other_few_changes_are_replayed() -> None:
    groups: Groups = {f"group_{number}": {"every": "1h"} for number in range(16)}
    seconds = {name: 60.0 + 5 * number for number, name in enumerate(reversed(groups))}

    with mock.patch.object(Evidence, "under", autospec=True, side_effect=Evidence.under) as replays:
        advised(*machine(groups, seconds, calm, days=7))

    assert replays.call_count < 3 * len(groups)  # of 120 pairs of them, each second one could be turned round
