"""Recorded days once more: exactly as they were, and under other settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deployments import recorded_days
from flows.beat_note import BeatNote
from flows.decisions.holds import Holds, Pause
from flows.decisions.slots import BEAT, Slot, slot_at
from flows.replay.figures import figures
from flows.replay.recorded import Recorded, RecordedRun
from flows.replay.replay import replay, same_runs
from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import BeatRecord, Reading
from tests.conftest import MakeSettings
from tests.flows.recorded_days import RecordedDays
from tests.flows.rhythms import rhythm

START = datetime(2026, 3, 2, 6, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

TOML = """
timezone = "Europe/Berlin"
[groups.health_check]
every = "10m"
priority = "critical"
steps = ["check_health"]
[groups.performance_analysis]
every = "30m"
after = ["health_check"]
wait_at_most = "15m"
steps = ["check_health"]
[groups.system_maintenance]
every = "60m"
after = ["performance_analysis"]
steps = ["check_health"]
[groups.daily_routine]
at = "03:00"
after = ["system_maintenance"]
wait_at_most = "2h"
steps = ["check_health"]
[groups.event_analysis]
every = "120m"
after = ["performance_analysis"]
priority = "low"
steps = ["check_health"]
[groups.backup]
every = "6h"
lane = "long"
steps = ["check_health"]
[groups.archive]
every = "6h"
lane = "long"
after = ["backup"]
steps = ["check_health"]
"""
SECONDS = {
    "health_check": 15.0,
    "performance_analysis": 60.0,
    "system_maintenance": 90.0,
    "daily_routine": 400.0,
    "event_analysis": 150.0,
    "backup": 4000.0,
    "archive": 1500.0,
}


def recorded(settings: Settings) -> Recorded:
    found = recorded_days.read(settings, START - DAY)
    assert found
    return found


def assert_exact(days: RecordedDays) -> None:
    again = replay(days.settings, recorded(days.settings), exactly=True)
    end = again.recorded.end

    def shown(runs: Any) -> list[str]:
        return [f"{began:%d %H:%M:%S} {group}" for group, began in sorted(runs, key=lambda run: run[1])]

    assert shown((each.run.group, each.run.began) for each in again.runs if each.run.ended <= end) == shown(
        (group, began) for group, began, ended in days.ran if ended <= end
    )
    same, of = same_runs(again)
    assert same == of == sum(ended <= end for _, _, ended in days.ran)


@pytest.mark.parametrize("seed", range(2))
def test_days_are_replayed_exactly(make_settings: MakeSettings, seed: int) -> None:
    days = RecordedDays(make_settings(TOML), START, SECONDS, seed)

    days.until(START + DAY)

    assert_exact(days)


def test_what_people_asked_for_and_what_was_in_the_way_is_replayed(make_settings: MakeSettings) -> None:
    settings = make_settings(TOML)
    days = RecordedDays(settings, START, SECONDS, seed=7)
    days.until(START + 2 * HOUR)
    days.holds = Holds(groups={"health_check": Pause()})
    days.until(START + 3 * HOUR)
    days.holds = Holds(all=Pause(START + 4 * HOUR))
    days.until(START + 5 * HOUR)
    skipped = slot_at(settings.groups["daily_routine"], START, settings.zone)
    days.holds = Holds(skips={"daily_routine": skipped, "event_analysis": Slot(START, START + 9 * HOUR)})
    days.until(START + 7 * HOUR, force=["daily_routine", "backup"])
    days.manual("event_analysis")
    days.until(START + 9 * HOUR)
    days.stop_in = "performance_analysis"
    days.until(START + 10 * HOUR)
    days.now += 20 * HOUR  # the machine is off
    days.until(START + 32 * HOUR)

    assert_exact(days)


def test_load_defers_again_what_it_had_deferred(make_settings: MakeSettings) -> None:
    days = RecordedDays(make_settings(TOML), START, SECONDS, failing=0)
    days.others = dict.fromkeys((3, 4, 10, 11, 12, 17), 90.0)
    days.until(START + DAY)

    assert_exact(days)
    made = figures(replay(days.settings, recorded(days.settings), exactly=True))
    assert made["event_analysis"].deferred > 2
    assert made["daily_routine"].deferred == 1
    assert made["health_check"].deferred == 0
    assert made["system_maintenance"].deferred == 0


def every_beat(length: timedelta) -> list[BeatRecord]:
    return [BeatRecord(START + BEAT * count, 1.0) for count in range(length // BEAT + 1)]


def ran(group: str, at: datetime, seconds: float, cpu: float | None = None) -> RecordedRun:
    return RecordedRun(group, at, seconds, Outcome.COMPLETED, "due", cpu)


def test_a_long_run_in_a_lane_of_its_own_would_have_made_no_check_late() -> None:
    groups: dict[str, dict[str, Any]] = {"check": {"every": "10m"}, "long": {"every": "6h"}}
    runs = [ran("check", START + 2 * BEAT * count, 5.0) for count in range(72)]
    runs += [ran("long", START + timedelta(hours=6 * count, seconds=5), 3000.0) for count in range(2)]
    days = Recorded(every_beat(12 * HOUR), sorted(runs, key=lambda run: run.began))

    now = figures(replay(rhythm(groups=groups), days))
    then = figures(replay(rhythm(groups=groups, long={"lane": "long"}), days))

    assert (now["check"].late, now["check"].lost, now["long"].runs) == (0, 8, 3)
    assert (then["check"].late, then["check"].lost, then["long"].runs) == (0, 0, 3)


def test_what_a_run_uses_while_others_are_busy_is_known_by_the_readings() -> None:
    groups = {"job": {"every": "2h"}}
    minutes = range(5 * 60)
    readings = [
        Reading(START + timedelta(minutes=minute), 90.0 if 60 <= minute < 125 else 10.0) for minute in minutes
    ]
    runs = [ran("job", START + 2 * HOUR * count, 600.0, 100.0) for count in range(3)]
    days = Recorded(every_beat(5 * HOUR), runs, readings)

    found = figures(replay(rhythm(groups=groups), days))["job"]

    assert found.busy_cpu == pytest.approx(50, abs=6)  # of the run at 08:00, five of ten minutes
    assert (found.runs, found.late, found.lost) == (3, 0, 0)


def test_a_slot_that_was_paused_or_in_which_no_beat_came_is_not_lost() -> None:
    beats = every_beat(12 * HOUR)
    note = BeatNote(holds=Holds(all=Pause())).text()
    paused = [replace(beat, note=note) if beat.at.hour in (8, 9) else beat for beat in beats]
    there = [beat for beat in paused if beat.at.hour not in (12, 13)]
    runs = [ran("hourly", START, 1.0)]

    found = figures(replay(rhythm(groups={"hourly": {"every": "1h"}}), Recorded(there, runs)))["hourly"]

    assert (found.runs, found.lost) == (9, 0)


def test_a_group_that_is_new_is_taken_to_take_no_time() -> None:
    days = Recorded(every_beat(2 * HOUR), [ran("check", START, 5.0)])

    again = replay(rhythm(groups={"check": {"every": "10m"}, "new": {"every": "1h"}}), days)

    assert {each.run.seconds for each in again.runs if each.run.group == "new"} == {0.0}


def test_the_beats_that_were_skipped_might_have_come() -> None:
    beats = [BeatRecord(START, 700.0), BeatRecord(START + timedelta(seconds=701), 1.0)]

    assert Recorded(beats, ()).scheduled == [START, START + BEAT, START + 2 * BEAT]


def test_beats_that_come_by_another_clock_come_again_as_they_did() -> None:
    beats = [BeatRecord(START + timedelta(minutes=2, hours=count), 1.0) for count in range(5)]
    days = Recorded(beats, [ran("hourly", START + timedelta(minutes=2), 1.0)])

    again = replay(rhythm(groups={"hourly": {"every": "1h"}}), days)

    assert [each.run.began for each in again.runs] == [beat.at for beat in beats]
