"""What calendars make beats decide: first runs, what was missed, closed hours and days, waiting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flows.decisions import cadence
from flows.decisions.cadence import choose, decide
from flows.decisions.choice import Choice, Decision
from flows.decisions.group_runs import Run
from flows.decisions.situation import Situation
from flows.decisions.timetable import timetable
from tasks.outcome import Outcome
from tests.flows.rhythms import Simulation, every_five_minutes, failing, rhythm

WEEKLY = {"every": "1w", "from": "2026-03-02T07:00"}  # a Monday


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def decided(table: dict[str, Any], now: str, runs: Sequence[Run] = (), since: str | None = None) -> Choice:
    settings = rhythm(groups={"a": table})
    known = {"a": at(since)} if since else {}
    return choose("a", Situation(settings, {"a": list(runs)}, at(now), since=known), earlier={})


def completed(text: str) -> Run:
    return Run(at(text), at(text) + timedelta(seconds=1), Outcome.COMPLETED)


@pytest.mark.parametrize(
    ("table", "now", "reason", "next_due"),
    [
        (WEEKLY, "2026-03-11T12:00", "first at Mon 16 Mar 07:00", "2026-03-16T07:00"),
        ({"every": "1 year"}, "2026-03-11T12:00", "first at 2027-01-01 00:00", "2027-01-01T00:00"),
        ({"at": "03:00"}, "2026-03-11T12:00", "first at Thu 12 Mar 03:00", "2026-03-12T03:00"),
        ({"cron": "30 13 * * *"}, "2026-03-11T12:00", "first at 13:30", "2026-03-11T13:30"),
    ],
)
def test_a_new_group_runs_for_the_first_time_when_it_is_scheduled(
    table: dict[str, Any], now: str, reason: str, next_due: str
) -> None:
    choice = decided(table, now, since=now)

    assert (choice.decision, choice.reason) == (Decision.NOT_DUE, reason)
    assert choice.next_due == at(next_due)
    assert not choice.failing
    for since in (now, next_due):  # also one that is new as its slot begins
        assert decided(table, next_due, since=since).decision is Decision.RUN


def test_a_new_groups_first_time_is_made_up_if_beats_were_away_then() -> None:
    choice = decided(WEEKLY, "2026-03-18T12:00", since="2026-03-11T12:00")

    assert (choice.decision, choice.reason) == (Decision.RUN, "due since Mon 16 Mar 07:00")


@pytest.mark.parametrize("table", [{"every": "1d"}, {"every": "10m"}, {"at": "03:00", "first_run": "now"}])
def test_what_begins_at_once_runs_in_the_first_beat(table: dict[str, Any]) -> None:
    settings = rhythm(groups={"a": table})

    assert settings.groups["a"].begins_at_once
    assert decided(table, "2026-03-11T12:00").decision is Decision.RUN


def test_nothing_runs_before_its_anchor() -> None:
    table = {"every": "1h", "from": "2026-03-12T07:20"}
    choice = decided(table, "2026-03-11T12:00")

    assert (choice.decision, choice.reason) == (Decision.NOT_DUE, "first at Thu 12 Mar 07:20")
    assert decided(table, "2026-03-12T07:20").reason == "due since 07:20"
    assert decided({**table, "first_run": "now"}, "2026-03-11T12:00").decision is Decision.RUN


@pytest.mark.parametrize(
    ("catch_up", "now", "decision", "reason"),
    [
        (True, "23:00", Decision.RUN, "due since 03:00"),
        ("4h", "07:00", Decision.RUN, "due since 03:00"),
        ("4h", "07:05", Decision.NOT_DUE, "missed 03:00, more than 4h ago"),
        (False, "03:15", Decision.RUN, "due since 03:00"),
        (False, "03:20", Decision.NOT_DUE, "missed 03:00, more than 15m ago"),
    ],
)
def test_a_missed_run_is_made_up_for_as_long_as_catch_up_says(
    catch_up: object, now: str, decision: Decision, reason: str
) -> None:
    choice = decided({"at": "03:00", "catch_up": catch_up}, f"2026-03-11T{now}")

    assert (choice.decision, choice.reason) == (decision, reason)
    assert choice.next_due == at("2026-03-12T03:00")


def test_a_second_attempt_is_not_late() -> None:
    failed = Run(at("2026-03-11T03:00"), at("2026-03-11T03:20"), Outcome.FAILED)

    again = decided({"at": "03:00", "catch_up": False}, "2026-03-11T03:20", [failed])

    assert (again.decision, again.reason) == (Decision.RUN, "due since 03:00, attempt 2 of 3")


@pytest.mark.parametrize(
    ("table", "now", "reason", "next_due"),
    [
        (
            {"at": "03:00", "except": ["2026-12-24..2027-01-01"]},
            "2026-12-24T00:05",
            "excepted: 2026-12-24..2027-01-01",
            "2027-01-02T03:00",
        ),
        (
            {"every": "10m", "between": ["08:00", "20:00"]},
            "2026-03-11T20:00",
            "only between 08:00 and 20:00",
            "2026-03-12T08:00",
        ),
        ({"every": "10m", "days": "weekdays"}, "2026-03-14T00:00", "only weekdays", "2026-03-16T00:00"),
        (
            {"every": "10m", "days": ["fri"], "between": ["22:00", "06:00"]},
            "2026-03-13T05:00",
            "only on fri",
            "2026-03-13T22:00",
        ),
    ],
)
def test_nothing_is_made_up_on_excepted_days_nor_outside_of_the_days_and_hours_of_every(
    table: dict[str, Any], now: str, reason: str, next_due: str
) -> None:
    choice = decided(table, now)

    assert (choice.decision, choice.reason) == (Decision.NOT_DUE, reason)
    assert choice.next_due == at(next_due)


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    table = {"every": "10m", "days": ["fri"], "between": ["22:00", "06:00"], "except": ["2026-03-14"]}

    assert decided(table, "2026-03-14T05:50").reason == "due since 05:50"
    assert decided(table, "2026-03-14T22:10").decision is Decision.NOT_DUE


def test_what_was_missed_of_at_is_made_up_on_another_day() -> None:
    friday = {"at": "09:00", "days": "weekdays"}

    assert decided(friday, "2026-03-14T11:00").reason == "due since Fri 13 Mar 09:00"


def test_a_forced_group_runs_whatever_its_calendar_says() -> None:
    settings = rhythm(groups={"a": WEEKLY})

    (choice,) = decide(
        Situation(settings, {}, at("2026-03-11T12:00"), force=["a"], since={"a": at("2026-03-11T12:00")})
    )

    assert (choice.decision, choice.reason) == (Decision.RUN, "forced")


@pytest.mark.parametrize(
    "keys", [WEEKLY, {"at": "03:00", "catch_up": False}, {"every": "1h", "days": ["sun"]}]
)
def test_nobody_waits_for_a_group_that_its_calendar_keeps_from_running(keys: dict[str, Any]) -> None:
    settings = rhythm(groups={"first": keys, "second": {"every": "1h", "after": ["first"]}})
    now = at("2026-03-11T12:00")

    first, second = decide(Situation(settings, {}, now, since={"first": now}))

    assert first.decision is Decision.NOT_DUE
    assert second.decision is Decision.RUN


def test_a_group_that_failed_before_its_hours_ended_keeps_others_waiting() -> None:
    table = {"every": "1h", "between": ["08:00", "12:00"]}
    settings = rhythm(groups={"first": table, "second": {"every": "1h", "after": ["first"]}})
    failed = Run(at("2026-03-11T11:55"), at("2026-03-11T11:56"), Outcome.FAILED)

    first, second = decide(Situation(settings, {"first": [failed]}, at("2026-03-11T12:00")))

    assert (first.decision, first.failing) == (Decision.NOT_DUE, True)
    assert (second.decision, second.reason) == (Decision.WAITS, "first failed at 11:55")


def test_reasons_carry_the_date_where_it_is_not_todays() -> None:
    choice = decided(WEEKLY, "2026-03-11T12:00", [completed("2026-03-09T07:00")])

    assert choice.reason == "ran at Mon 09 Mar 07:00"


def test_a_group_goes_by_its_own_time_zone() -> None:
    settings = rhythm("Europe/Berlin", {"a": {"at": "09:00", "timezone": "Asia/Seoul"}})

    (choice,) = decide(Situation(settings, {}, at("2026-03-11T00:05")))

    assert choice.reason == "due since 01:00"
    assert choice.next_due == at("2026-03-12T00:00")


def test_of_a_time_that_comes_twice_it_is_said_which() -> None:
    settings = rhythm("Europe/Berlin", {"a": {"at": "02:30"}})

    (choice,) = decide(Situation(settings, {}, at("2026-10-25T00:35")))

    assert choice.reason == "due since 02:30 (first, UTC+02:00)"


def test_a_simulated_month_decides_only_where_something_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    groups: dict[str, dict[str, Any]] = {
        "hourly": {"every": "1h"},
        "office": {"every": "30m", "between": ["08:00", "20:00"], "days": "weekdays"},
        "twice": {"at": ["09:00", "18:00"]},
        "cron": {"cron": "0 7 * * 1-5"},
        "monthly": {"every": "1 month"},
        "paused": {"every": "5m", "enabled": False},
    }
    decisions: list[str] = []
    decide_one = cadence.choose

    def counted(name: str, *args: Any, **keys: Any) -> Choice:
        decisions.append(name)
        return decide_one(name, *args, **keys)

    monkeypatch.setattr(cadence, "choose", counted)
    start = at("2026-03-01T00:00")
    beats = list(timetable(rhythm(groups=groups), start, start + timedelta(days=31)))
    runs = [choice.group for beat in beats for choice in beat.choices if choice.decision is Decision.RUN]

    assert {name: runs.count(name) for name in groups} == {
        "hourly": 31 * 24,
        "office": 22 * 24,
        "twice": 62,
        "cron": 22,
        "monthly": 1,
        "paused": 0,
    }
    assert len(decisions) <= len(runs) + 2 * len(groups)


@pytest.mark.parametrize("broken", [(), ("office",), ("twice",)])
def test_a_timetable_has_the_runs_of_every_beat_decided_one_by_one(broken: tuple[str, ...]) -> None:
    groups: dict[str, dict[str, Any]] = {
        "office": {"every": "30m", "between": ["08:00", "20:00"], "days": "weekdays"},
        "twice": {"at": ["09:00", "18:00"], "after": ["office"]},
        "night": {"cron": "*/20 1-4 * * *", "after": ["twice"]},
        "weekly": WEEKLY,
    }
    settings = rhythm("Europe/Berlin", groups)
    start, end = at("2026-03-27T00:00"), at("2026-03-31T00:00")
    simulation = Simulation(settings)
    before = start - timedelta(microseconds=1)
    for kept in simulation.runs.values():
        kept.append(Run(before, before, Outcome.COMPLETED))
    for now in every_five_minutes(start, end):
        simulation.beat(now, failing(*broken))

    planned = [
        (choice.group, beat.at)
        for beat in timetable(settings, start, end, broken)
        for choice in beat.choices
        if choice.decision is Decision.RUN
    ]
    for name, runs in simulation.runs.items():
        assert [run.started for run in runs[1:]] == [now for group, now in planned if group == name]
