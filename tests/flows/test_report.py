"""What is reported of a beat: to people in a line, to machines as JSON, to Prefect's UI as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from flows.decisions.choice import Choice, Decision
from flows.decisions.timestamps import iso
from flows.report import BeatReport, GroupReport, LaneFailure
from tasks.outcome import Outcome, StepResult

NOW = datetime(2026, 3, 2, 12, 0, 1, 250_000, tzinfo=UTC)
DUE = datetime(2026, 3, 2, 12, 10, tzinfo=UTC)


def chosen(
    name: str,
    decision: Decision,
    reason: str = "because",
    *,
    outcome: Outcome | None = None,
    failing: bool = False,
) -> GroupReport:
    due = None if decision is Decision.PAUSED else DUE
    seconds = 1.23456 if outcome else None
    return GroupReport(Choice(name, decision, reason, due, failing, outcome), seconds=seconds)


def report(*groups: GroupReport) -> BeatReport:
    return BeatReport(NOW, 2.00049, groups, "an-id", ZoneInfo("Asia/Seoul"))


WELL = chosen("a", Decision.RUN, outcome=Outcome.COMPLETED)
FAILED = chosen("b", Decision.RUN, outcome=Outcome.FAILED, failing=True)
WAITS = chosen("c", Decision.WAITS, "b failed", failing=True)
WAITS_FOR_ITS_TURN = chosen("c", Decision.WAITS, "b is busy")
BUSY = chosen("d", Decision.BUSY, "running since 12:00")
GIVEN_UP = chosen("e", Decision.NOT_DUE, "given up", failing=True)
PAUSED = chosen("f", Decision.PAUSED)


@pytest.mark.parametrize(
    ("groups", "outcome"),
    [
        ((), "completed"),
        ((WELL, BUSY, PAUSED), "completed"),
        ((WELL, FAILED), "degraded"),
        ((WAITS,), "degraded"),
        ((WAITS_FOR_ITS_TURN,), "completed"),
        ((GIVEN_UP,), "completed"),
    ],
)
def test_a_beat_is_degraded_when_a_group_failed_or_waits_for_one_that_did(
    groups: tuple[GroupReport, ...], outcome: str
) -> None:
    assert report(*groups).outcome == outcome


def test_a_beat_is_degraded_by_what_has_failed_in_other_lanes_and_says_so_first() -> None:
    failed = LaneFailure("backup", "long", Outcome.TIMED_OUT, NOW)
    beat = BeatReport(NOW, 1.0, (WELL,), "an-id", ZoneInfo("Asia/Seoul"), lane_failures=(failed,))

    assert beat.outcome == "degraded"
    assert beat.summary == "backup: timed out at 21:00 in the lane long; a completed"
    assert beat.to_json()["beat"]["lane_failures"] == [
        {"group": "backup", "lane": "long", "outcome": "timed_out", "ended": "2026-03-02T21:00:01+09:00"}
    ]


def test_the_summary_of_a_dry_run_says_what_would_run() -> None:
    assert report(chosen("a", Decision.RUN), WAITS).summary == "a would run; c waits: b failed"


def test_a_beat_that_reached_no_group_does_not_say_that_all_are_paused() -> None:
    assert report().summary == "nothing was due"
    assert report(PAUSED).summary == "all groups are paused"


def test_the_summary_names_what_ran_and_what_could_not() -> None:
    reported = report(WELL, FAILED, WAITS, BUSY, GIVEN_UP, PAUSED).summary

    assert reported == "a completed; b failed; c waits: b failed; d busy: running since 12:00"
    assert (report(GIVEN_UP).summary, report(GIVEN_UP, PAUSED).is_idle) == ("nothing was due", True)
    assert not any(report(PAUSED, one).is_idle for one in (WELL, FAILED, WAITS, BUSY))


def test_a_beat_as_json_has_times_with_offset_and_milliseconds_of_duration() -> None:
    steps = (StepResult("check", Outcome.COMPLETED, 0.5, "fine", 0),)
    group = GroupReport(WELL.choice, seconds=1.23456, steps=steps)

    assert report(group, PAUSED).to_json() == {
        "beat": {
            "at": "2026-03-02T21:00:01+09:00",
            "outcome": "completed",
            "seconds": 2.0,
            "flow_run_id": "an-id",
            "lane_failures": [],
        },
        "groups": [
            {
                "name": "a",
                "lane": "main",
                "decision": "run",
                "reason": "because",
                "outcome": "completed",
                "fault": None,
                "seconds": 1.235,
                "next_due": "2026-03-02T21:10:00+09:00",
                "steps": [
                    {
                        "name": "check",
                        "outcome": "completed",
                        "exit_code": 0,
                        "seconds": 0.5,
                        "message": "fine",
                        "warning": False,
                    }
                ],
            },
            {
                "name": "f",
                "lane": "main",
                "decision": "paused",
                "reason": "because",
                "outcome": None,
                "fault": None,
                "seconds": None,
                "next_due": None,
                "steps": [],
            },
        ],
    }


def test_the_table_has_a_row_a_group_and_no_steps() -> None:
    rows = report(WELL, WAITS).table

    assert [list(row) for row in rows] == [
        ["group", "lane", "decision", "reason", "outcome", "fault", "seconds", "next_due"]
    ] * 2
    assert [row["group"] for row in rows] == ["a", "c"]


def test_a_time_has_the_offset_of_the_zone_and_whole_seconds() -> None:
    assert iso(NOW, ZoneInfo("Europe/Berlin")) == "2026-03-02T13:00:01+01:00"
    assert iso(None, ZoneInfo("UTC")) is None


def test_a_group_with_a_warning_is_completed_and_shown_so() -> None:
    warns = replace(WELL, fault="copy: exit code 24: some files vanished")
    made = report(warns)

    assert (made.outcome, made.summary) == ("completed", "a completed (warning)")
    (row,) = made.table
    assert (row["outcome"], row["fault"]) == ("completed (warning)", warns.fault)
