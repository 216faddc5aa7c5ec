"""The simulation of a rhythm: beats, runs that take their time, lanes, and what people ask for meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.decisions.choice import Decision
from flows.decisions.holds import Holds, Pause
from flows.decisions.load import Load
from flows.decisions.slots import BEAT
from flows.decisions.timetable import timetable
from flows.replay.simulation import Conditions, Ending, SimulatedBeat, Simulation
from tasks.builtin.analysis.expected import Expected
from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import Reading
from tests.flows.machine_work import Work, busy_seconds, seconds_of, stretches
from tests.flows.rhythms import rhythm

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
SECONDS = {
    "health_check": 15.0,
    "performance_analysis": 60.0,
    "system_maintenance": 90.0,
    "daily_routine": 400.0,
    "event_analysis": 150.0,
}
LANES: dict[str, dict[str, Any]] = {
    "health": {"every": "10m"},
    "backup": {"every": "2h", "lane": "long"},
    "archive": {"every": "2h", "lane": "long"},
    "report": {"every": "2h", "after": ["backup"]},
}


def taking(seconds: Mapping[str, float], failing: Sequence[str] = ()) -> Callable[[str, datetime], Ending]:
    def takes(name: str, began: datetime) -> Ending:
        return Ending(seconds[name], Outcome.FAILED if name in failing else Outcome.COMPLETED)

    return takes


def simulated(
    settings: Settings, seconds: Mapping[str, float], length: timedelta = DAY, **given: Any
) -> tuple[Simulation, list[SimulatedBeat]]:
    simulation = Simulation(settings, START, START + length, Conditions(taking(seconds), **given))
    return simulation, list(simulation)


def begun(simulation: Simulation, name: str) -> list[str]:
    return [f"{run.began:%H:%M:%S}" for run in simulation.runs if run.group == name]


def test_runs_of_no_length_are_those_of_the_timetable() -> None:
    settings = rhythm()
    simulation, _ = simulated(settings, dict.fromkeys(settings.groups, 0.0), length=3 * DAY)

    expected = Counter(
        (beat.at, choice.group)
        for beat in timetable(settings, START, START + 3 * DAY)
        for choice in beat.choices
        if choice.decision is Decision.RUN
    )
    # The timetable begins as if all had gone well, the simulation as if nothing had run yet.
    expected[START, "daily_routine"] += 1
    assert Counter((run.began, run.group) for run in simulation.runs) == expected


def test_groups_of_main_run_one_after_the_other() -> None:
    simulation, _ = simulated(rhythm(), SECONDS, length=BEAT)

    assert [(run.group, f"{run.began:%M:%S}") for run in simulation.runs] == [
        ("health_check", "00:00"),
        ("performance_analysis", "00:15"),
        ("system_maintenance", "01:15"),
        ("daily_routine", "02:45"),
        ("event_analysis", "09:25"),
    ]


def test_a_beat_that_outlasts_its_interval_skips_others_and_brings_one_at_its_end() -> None:
    simulation, beats = simulated(rhythm(), SECONDS, length=timedelta(minutes=20))

    shown = [f"{beat.at:%H:%M:%S}{' skipped' if beat.is_skipped else ''}" for beat in beats]
    assert shown == ["00:00:00", "00:05:00 skipped", "00:10:00 skipped", "00:11:55"]
    assert begun(simulation, "health_check") == ["00:00:00", "00:11:55"]


def test_without_extra_beats_the_next_one_of_the_clock_makes_up_for_it() -> None:
    simulation, _ = simulated(rhythm(), SECONDS, length=timedelta(minutes=20), extra=False)

    assert begun(simulation, "health_check") == ["00:00:00", "00:15:00"]


def test_another_lane_runs_beside_the_beats_and_its_end_brings_the_next_one() -> None:
    seconds = {"health": 10.0, "backup": 1000.0, "archive": 60.0, "report": 5.0}
    simulation, _ = simulated(rhythm(groups=LANES), seconds, length=timedelta(hours=1))

    assert begun(simulation, "backup") == ["00:00:01"]
    assert begun(simulation, "archive") == ["00:16:42"]  # its lane is free, and a worker has to take it
    assert begun(simulation, "report") == ["00:16:41"]
    assert begun(simulation, "health") == [f"00:{minutes:02}:00" for minutes in range(0, 60, 10)]


def test_a_failing_group_is_tried_as_often_as_beats_would() -> None:
    settings = rhythm()
    given = Conditions(taking(SECONDS | {"daily_routine": 10.0}, failing=["daily_routine"]))
    simulation = Simulation(settings, START, START + timedelta(hours=2), given)
    list(simulation)

    assert len(begun(simulation, "daily_routine")) == settings.groups["daily_routine"].attempts


def test_beats_are_only_those_that_are_given() -> None:
    times = [START + timedelta(minutes=minutes) for minutes in (3, 4, 38)]
    simulation, _ = simulated(rhythm(), SECONDS, beats=times, extra=False)

    # At 00:04, the beat of 00:03 still runs.
    assert begun(simulation, "health_check") == ["00:03:00", "00:38:00"]


def test_a_pause_keeps_a_group_until_it_is_over_and_its_end_makes_it_due() -> None:
    paused = Holds(groups={"health_check": Pause()})
    holds = [(START + timedelta(minutes=25), paused), (START + timedelta(minutes=47), Holds())]
    simulation, _ = simulated(rhythm(), SECONDS, length=timedelta(hours=1), holds=holds, extra=False)

    assert begun(simulation, "health_check") == ["00:00:00", "00:15:00", "00:20:00", "00:50:00"]


def test_a_forced_group_runs_though_it_is_not_due() -> None:
    at = START + timedelta(minutes=45)
    simulation, _ = simulated(rhythm(), SECONDS, forced={at: ["event_analysis"]}, length=timedelta(hours=1))

    assert [run.reason for run in simulation.runs if run.group == "event_analysis"] == [
        "due since 00:00",
        "forced",
    ]


def test_while_a_group_runs_manually_main_is_busy_and_its_run_counts() -> None:
    groups: dict[str, dict[str, Any]] = {"health": {"every": "10m"}, "check": {"every": "30m"}}
    manual = [(START + timedelta(minutes=29), "check")]
    simulation, beats = simulated(
        rhythm(groups=groups), {"health": 5.0, "check": 90.0}, manual=manual, length=timedelta(minutes=50)
    )

    held = next(beat for beat in beats if beat.at == START + timedelta(minutes=30))
    assert [choice.decision for choice in held.choices] == [Decision.BUSY, Decision.BUSY]
    assert begun(simulation, "health")[-3:] == ["00:20:00", "00:30:30", "00:40:00"]
    # It began in the slot before.
    assert begun(simulation, "check") == ["00:00:05", "00:29:00", "00:30:35"]


def test_a_beat_knows_the_load_and_what_runs_before_it_have_taken() -> None:
    asked: list[tuple[datetime, Mapping[str, Expected]]] = []

    def load(at: datetime, durations: Mapping[str, Expected]) -> Load:
        asked.append((at, durations))
        return Load([Reading(at, others=95.0 if at < START + timedelta(hours=3, minutes=30) else 5.0)])

    settings = rhythm(event_analysis={"priority": "low"})
    seconds = SECONDS | {"daily_routine": 10.0}
    simulation, beats = simulated(settings, seconds, length=timedelta(hours=5), load=load)

    assert begun(simulation, "event_analysis") == ["01:02:45", "03:02:55", "04:02:45"]
    deferred = [beat.at for beat in beats for c in beat.choices if c.decision is Decision.DEFERRED]
    assert len(deferred) == 24
    assert asked[0][1] == {}
    assert asked[-1][1]["performance_analysis"] == Expected(60.0, 60.0, runs=8)


@given(
    cpu_seconds=st.floats(0.1, 500), demand=st.floats(1, 100), loads=st.lists(st.floats(0, 100), min_size=1)
)
def test_work_is_done_whole_and_takes_the_longer_the_less_others_leave(
    cpu_seconds: float, demand: float, loads: list[float]
) -> None:
    def others(at: datetime) -> float:
        return loads[(at - START) // BEAT % len(loads)]

    work = Work(cpu_seconds, demand)
    parts = list(stretches(work, START, others))

    assert sum(part.cpu_seconds for part in parts) == pytest.approx(cpu_seconds)
    assert seconds_of(work, START, others) >= seconds_of(work, START, lambda at: 0.0) * (1 - 1e-9)
    assert busy_seconds(work, START, others) <= cpu_seconds * (1 + 1e-9)


def test_a_run_is_slower_while_others_leave_less_than_it_could_use() -> None:
    work = Work.of_run(60, demand=50)

    assert seconds_of(work, START, lambda at: 20.0) == 60
    assert seconds_of(work, START, lambda at: 75.0) == 120
    assert seconds_of(work, START, lambda at: 100.0) == 300
    assert busy_seconds(work, START, lambda at: 75.0) == 30
    assert busy_seconds(work, START, lambda at: 70.0) == 0
