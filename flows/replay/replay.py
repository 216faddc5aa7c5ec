"""Recorded days once more, as they were or under other settings: what would have run when. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flows.decisions.group_runs import Run
from flows.decisions.slots import slot_at
from flows.replay.recorded import BEGINS_WITHIN, Recorded, RecordedRun
from flows.replay.recorded_load import RecordedLoad
from flows.replay.simulation import Conditions, Ending, SimulatedBeat, SimulatedRun, Simulation
from tasks.builtin.analysis.expected import LATEST_OF
from tasks.outcome import Outcome
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings
from tasks.store.durations import TELLING, Took

#: Longer than what is left of any record.
_LONG = timedelta(days=1)
#: Past runs of a group that its decisions may rest on, beside its attempts.
_BESIDE = 3


@dataclass(frozen=True, slots=True)
class ReplayedRun:
    """A run of a replay, and the recorded run that it is taken to be like; None if its group never ran."""

    run: SimulatedRun
    like: RecordedRun | None


@dataclass(frozen=True)
class Replay:
    """What came of recorded days under some settings."""

    settings: Settings
    recorded: Recorded
    beats: list[SimulatedBeat]
    runs: list[ReplayedRun]

    @property
    def skipped(self) -> int:
        """How many beats were skipped, as another one was running."""
        return sum(beat.is_skipped for beat in self.beats)


def replay(settings: Settings, recorded: Recorded, *, exactly: bool = False) -> Replay:
    """Let recorded days pass once more under these settings.

    A run takes as long, and ends, as the recorded one of its group that began nearest to it. Beats come when
    they were to, and between those where these runs bring them. `exactly`: they come when they came, and each
    run begins as long after its beat as it did; under the settings of those days, all is as it was.
    """
    like: list[RecordedRun | None] = []

    def takes(name: str, at: datetime) -> Ending:
        same = recorded.begun_within(name, at, BEGINS_WITHIN) if exactly else None
        run = same or recorded.nearest(name, at)
        like.append(run)
        if run is None:
            return Ending(0.0)
        if exactly and run.began < at and run is recorded.by_group[name][-1]:
            # What has not ended yet is not recorded yet.
            return Ending((_after(recorded) - at + _LONG).total_seconds())
        delay = (same.began - at).total_seconds() if same else 0.0
        return Ending(run.seconds, run.outcome, delay)

    groups = settings.groups
    times = [beat.at for beat in recorded.beats] if exactly else recorded.scheduled
    before = [run for run in recorded.runs if run.began < recorded.start and run.group in groups]
    given = Conditions(
        takes,
        load=RecordedLoad(recorded, settings.zone, exactly=exactly),
        beats=times,
        extra=not exactly,
        pickup=timedelta() if exactly else timedelta(seconds=1),
        holds=recorded.holds,
        forced={
            at: known
            for at, names in recorded.forced.items()
            if (known := [name for name in names if name in groups])
        },
        manual=[each for each in recorded.manual if each[1] in groups],
        held=recorded.held if exactly else (),
        reached=recorded.reached if exactly else {},
        history=_history(settings, recorded),
        took={
            name: [
                Took(run.began, run.seconds, run.outcome)
                for run in before
                if run.group == name and run.outcome in TELLING
            ][-LATEST_OF:]
            for name in groups
        },
    )
    simulation = Simulation(settings, min(recorded.start, times[0]), _after(recorded), given)
    beats = list(simulation)
    return Replay(
        settings, recorded, beats, [ReplayedRun(*each) for each in zip(simulation.runs, like, strict=True)]
    )


def same_runs(exact: Replay) -> tuple[int, int]:
    """Return how many of the recorded runs were replayed at the beats at which they were, and of how many."""
    recorded = exact.recorded
    times = [beat.at for beat in recorded.beats]

    def beat_of(time: datetime) -> int:
        return bisect_right(times, time)

    runs = {
        (run.group, beat_of(run.began))
        for run in recorded.runs
        if run.began >= recorded.start and run.ended <= recorded.end and run.group in exact.settings.groups
    }
    # Of what had not ended when the last beat had, not all is recorded yet.
    again = {
        (each.run.group, beat_of(each.run.began)) for each in exact.runs if each.run.ended <= recorded.end
    }
    return len(runs & again), len(runs | again)


def _after(recorded: Recorded) -> datetime:
    """Return when the record is over: a beat that began at its end is a part of it."""
    return max(recorded.end, recorded.beats[-1].at + timedelta(microseconds=1))


def _history(settings: Settings, recorded: Recorded) -> Mapping[str, list[Run]]:
    """Return what is known of groups as the record begins.

    A slot that was under way then, in which no run is recorded, was used up before: measurements are kept for
    a while only, and a group's first run may be at its first time.
    """
    history: dict[str, list[Run]] = {}
    for name, group in settings.groups.items():
        slot = slot_at(group, recorded.start, settings.zone)
        runs = recorded.by_group.get(name, [])
        known = [Run(run.began, run.ended, run.outcome) for run in runs if run.began < recorded.start]
        history[name] = known[-group.attempts - _BESIDE :]
        if not any(run.began in slot or (group.lane != MAIN and run.ended in slot) for run in runs):
            history[name].append(Run(slot.start, slot.start, Outcome.COMPLETED))
    return history
