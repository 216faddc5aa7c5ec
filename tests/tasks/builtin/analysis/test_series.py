"""What is made a series of: which runs count, from when a wait counts, and how figures read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tasks.builtin.analysis.series import (
    LATENCY,
    Series,
    Subject,
    cpu_use,
    duration,
    group_durations,
    latencies,
    machine_use,
    step_durations,
    waits,
)
from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import CPU, SWAP, Bucket, GroupEvent, Probe, Reading, StepUsage

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
OF = Subject("llm", "endpoint/llm", LATENCY)


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def step(minutes: float, seconds: float, outcome: Outcome = Outcome.COMPLETED, attempt: int = 1) -> StepUsage:
    return StepUsage(after(minutes), "nightly", "backup.ps1", attempt, outcome, seconds, None, None)


def ran(minutes: float, seconds: float | None, outcome: Outcome | None = Outcome.COMPLETED) -> GroupEvent:
    return GroupEvent(after(minutes), "nightly", "run", "", outcome, seconds)


def decided(minutes: float, decision: str) -> GroupEvent:
    return GroupEvent(after(minutes), "nightly", decision)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    nightly = {"every": "1h", "steps": ["backup.ps1"]}
    return Settings.model_validate(
        {"timezone": "Europe/Berlin", "outputs_dir": tmp_path, "groups": {"nightly": nightly}}
    )


def test_only_completed_attempts_at_steps_count() -> None:
    outcomes = [each for each in Outcome if each is not Outcome.COMPLETED]
    given = [step(60, 41), step(0, 40), *(step(70 + n, 1, each) for n, each in enumerate(outcomes))]

    (found,) = step_durations(given)

    assert found.points == [(after(0), 40), (after(60), 41)]
    assert (found.of.name, found.of.address) == ("nightly / backup.ps1", "step/nightly/backup.ps1")
    assert found.of.part_of == "group/nightly"


def test_a_run_of_a_group_in_which_a_step_was_tried_again_does_not_count() -> None:
    events = [ran(0, 50), ran(60, 110), ran(120, 51), ran(180, 20, Outcome.FAILED), decided(240, "waits")]
    steps = [step(60, 40, Outcome.FAILED), step(61, 40, attempt=2)]

    (found,) = group_durations(events, steps)

    assert found.points == [(after(0), 50), (after(120), 51)]


def test_a_wait_is_from_when_it_was_due_until_the_first_run_began(settings: Settings) -> None:
    events = [ran(4, 40), ran(30, 40), ran(60, None, None), ran(65, 40), decided(120, "busy"), ran(150, 40)]

    (found,) = waits(events, settings)

    assert found.points == [(after(0), 240), (after(60), 0), (after(120), 1800)]


def test_a_run_that_was_deferred_waited_on_purpose(settings: Settings) -> None:
    (found,) = waits([ran(1, 40), decided(60, "deferred"), ran(85, 40)], settings)

    assert found.points == [(after(0), 60)]


def test_a_group_that_is_no_more_has_no_waits(settings: Settings) -> None:
    assert waits([GroupEvent(NOON, "gone", "run")], settings) == []


def test_the_use_of_cpu_and_memory_is_looked_at_and_no_other_sample() -> None:
    buckets = [Bucket(name, NOON, 2, 40.0, 30.0, 50.0) for name in (CPU, SWAP)]

    (found,) = machine_use(buckets, timedelta(minutes=5))

    assert (found.of.address, found.points) == ("machine/cpu", [(after(2.5), 40.0)])


def test_the_use_of_the_cpu_is_the_mean_of_what_others_and_rhythm_use() -> None:
    readings = [
        Reading(after(0), 20.0, 10.0),
        Reading(after(1), 40.0, 30.0),
        Reading(after(2), 99.0, 0.0, of_beat=True),
        Reading(after(3), None, 5.0),
        Reading(after(6), 1.0, 1.0),
    ]

    assert cpu_use(readings, timedelta(minutes=5)).points == [(after(0), 50.0), (after(6), 2.0)]


def test_only_answers_have_a_latency() -> None:
    probes = [Probe("llm", NOON, True, 0.2), Probe("llm", NOON, False, 9.0), Probe("llm", NOON, True, None)]

    assert latencies("llm", probes).points == [(NOON, 0.2)]


@pytest.mark.parametrize(
    ("count", "every", "is_judged"),
    [
        (100, timedelta(minutes=10), False),
        (101, timedelta(minutes=10), True),
        (20, timedelta(days=1), False),
        (21, timedelta(days=1), True),
        (84, timedelta(hours=2), False),
        (85, timedelta(hours=2), True),
        (0, timedelta(days=1), False),
    ],
)
def test_a_value_is_judged_after_100_or_after_20_over_a_week(
    count: int, every: timedelta, is_judged: bool
) -> None:
    series = Series(OF, [(NOON + n * every, 1.0) for n in range(count)])

    assert series.is_judged is is_judged


def test_how_often_something_is_measured_is_the_usual_distance() -> None:
    assert Series(OF, [(after(m), 1.0) for m in (0, 10, 20, 500, 510)]).every == timedelta(minutes=10)
    assert Series(OF, [(NOON, 1.0)]).every == timedelta(0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "0.2 s"), (40, "40 s"), (99, "99 s"), (250, "4 min 10 s"), (3900, "1 h 05 min")],
)
def test_durations_read_as_people_write_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
