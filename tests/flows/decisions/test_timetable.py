"""The timetable: a rhythm simulated on time, from a moment up to which all had gone well."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from flows.decisions.choice import Decision
from flows.decisions.timetable import timetable
from tasks.settings.rhythm_toml import Settings
from tests.flows.rhythms import rhythm

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def counts(settings: Settings, start: datetime, end: datetime, *failing: str) -> dict[str, int]:
    found = Counter(
        choice.group
        for beat in timetable(settings, start, end, failing)
        for choice in beat.choices
        if choice.decision is Decision.RUN
    )
    return {name: found[name] for name in settings.groups}


def test_a_day_has_144_48_24_1_and_12_runs() -> None:
    assert list(counts(rhythm(), START, START + DAY).values()) == [144, 48, 24, 1, 12]


def test_a_start_within_slots_begins_with_the_next_of_each() -> None:
    first = next(iter(timetable(rhythm(), START + timedelta(minutes=7), START + DAY)))

    assert first.at == START + timedelta(minutes=10)
    assert [choice.group for choice in first.choices if choice.decision is Decision.RUN] == ["health_check"]


def test_what_has_never_run_is_due_in_the_first_beat_in_whatever_slot_that_is() -> None:
    start, new = START + timedelta(minutes=7), ["health_check", "daily_routine"]

    beats = list(timetable(rhythm(), start, START + timedelta(minutes=20), new=new))

    assert [beat.at - START for beat in beats] == [timedelta(minutes=10)]
    assert [choice.group for choice in beats[0].choices if choice.decision is Decision.RUN] == new


def test_beats_are_those_of_the_clock_at_which_something_is_due_from_the_start_to_before_the_end() -> None:
    beats = [beat.at for beat in timetable(rhythm(), START, START + timedelta(minutes=20))]

    assert beats == [START, START + timedelta(minutes=10)]


@pytest.mark.parametrize("minutes", [0, -5])
def test_no_time_holds_no_beat(minutes: int) -> None:
    assert list(timetable(rhythm(), START, START + timedelta(minutes=minutes))) == []


def test_a_failing_health_check_is_tried_three_times_a_slot_and_all_else_waits() -> None:
    assert counts(rhythm(), START, START + DAY, "health_check") == {
        "health_check": 288,  # a slot of ten minutes has two beats
        "performance_analysis": 0,
        "system_maintenance": 0,
        "daily_routine": 0,
        "event_analysis": 0,
    }


def test_a_failing_group_is_tried_three_times_and_then_given_up_until_its_next_slot() -> None:
    beats = timetable(rhythm(), START, START + 2 * DAY, ["daily_routine"])
    tried = [
        f"{beat.at:%d %H:%M}"
        for beat in beats
        for choice in beat.choices
        if choice.group == "daily_routine" and choice.decision is Decision.RUN
    ]

    assert tried == ["02 03:00", "02 03:05", "02 03:10", "03 03:00", "03 03:05", "03 03:10"]


def test_several_groups_may_fail() -> None:
    made = counts(rhythm(), START, START + DAY, "performance_analysis", "daily_routine")

    assert made == {
        "health_check": 144,
        "performance_analysis": 144,
        "system_maintenance": 0,
        "daily_routine": 0,
        "event_analysis": 0,
    }


def test_a_paused_group_is_reported_and_never_runs() -> None:
    assert counts(rhythm(event_analysis={"enabled": False}), START, START + DAY)["event_analysis"] == 0


@pytest.mark.parametrize(("day", "health"), [("2026-03-29", 138), ("2026-10-25", 150)])
def test_a_day_with_a_clock_change_has_as_many_runs_as_hours(day: str, health: int) -> None:
    zone = ZoneInfo("Europe/Athens")
    start = datetime.fromisoformat(day).replace(tzinfo=zone)
    end = (start + DAY).astimezone(UTC)

    made = counts(rhythm("Europe/Athens"), start.astimezone(UTC), end)

    assert (made["health_check"], made["daily_routine"]) == (health, 1)
