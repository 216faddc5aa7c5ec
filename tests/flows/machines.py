"""Machines whose days are made up: what they would have recorded, if all had gone as it is said here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from flows.decisions.load import Load
from flows.decisions.slots import BEAT
from flows.replay.recorded import Recorded, RecordedRun
from flows.replay.simulation import Conditions, Ending, Simulation
from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import BeatRecord, Reading, StepUsage

START = datetime(2026, 3, 2, tzinfo=UTC)

#: What others use of the CPU at a time, in per cent.
Others = Callable[[datetime], float]


def machine(
    groups: Mapping[str, Mapping[str, Any]],
    seconds: Mapping[str, float],
    others: Others = lambda at: 10.0,
    *,
    days: int = 10,
    failing: Sequence[str] = (),
    failing_steps: Sequence[str] = (),
    chance: float = 0.0,
    seed: int = 1,
) -> tuple[dict[str, Any], Recorded]:
    """Return the tables of a rhythm.toml, and what was recorded in so many days under it.

    `seconds` is how long runs take as a rule; they use half of the CPU. Groups in `failing` fail, and of all
    others such a part by `chance`; `failing_steps` fail in every run.
    """
    dice = Random(seed)
    tables: dict[str, Any] = {
        "timezone": "UTC",
        "groups": {name: {"steps": ["check_health"], **group} for name, group in groups.items()},
    }
    settings = Settings(**tables)

    def takes(name: str, began: datetime) -> Ending:
        fails = name in failing or dice.random() < chance
        took = seconds[name] * dice.lognormvariate(0, 0.2)
        return Ending(took, Outcome.FAILED if fails else Outcome.COMPLETED)

    def load(at: datetime, durations: Mapping[str, Any]) -> Load:
        return Load([Reading(at, others(at))], None, durations)

    end = START + timedelta(days=days)
    simulation = Simulation(settings, START, end, Conditions(takes, load))
    beats = [BeatRecord(beat.at, 1.0) for beat in simulation if beat.ended]
    ends = {beat.at: beat for beat in beats}
    for each in simulation.runs:  # the beat that has run it ends after it
        if each.lane == "main" and each.decided_at in ends:
            lasted = (each.ended - each.decided_at).total_seconds()
            if lasted > ends[each.decided_at].seconds:
                ends[each.decided_at] = BeatRecord(each.decided_at, lasted)
    idle = START
    while idle < end:
        ends.setdefault(idle, BeatRecord(idle, 0.1))
        idle += BEAT
    busy_until = START
    kept = []
    for beat in sorted(ends.values(), key=lambda beat: beat.at):
        if beat.at >= busy_until:
            kept.append(beat)
            busy_until = beat.at + timedelta(seconds=beat.seconds)
    runs = [
        RecordedRun(r.group, r.began, r.seconds, r.outcome, r.reason, r.seconds / 2) for r in simulation.runs
    ]
    usages = [
        StepUsage(
            run.began,
            run.group,
            step.name,
            1,
            Outcome.FAILED if step.name in failing_steps else Outcome.COMPLETED,
            run.seconds,
            run.seconds / 2,
            None,
        )
        for run in runs
        for step in settings.groups[run.group].steps
    ]
    minute = timedelta(minutes=1)
    readings = [
        Reading(START + minute * count, others(START + minute * count)) for count in range(days * 1440)
    ]
    readings += [Reading(beat.at, others(beat.at), of_beat=True) for beat in kept]
    readings.sort(key=lambda reading: reading.at)
    return tables, Recorded(kept, sorted(runs, key=lambda run: run.began), readings, usages)
