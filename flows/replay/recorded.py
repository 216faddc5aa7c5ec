"""What is recorded of past days, as a replay takes it: beats, runs and what they used, readings. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from flows.beat_note import BeatNote, read_note
from flows.decisions.choice import Decision
from flows.decisions.holds import NONE, Holds
from flows.decisions.slots import BEAT, next_beat
from tasks.outcome import Outcome
from tasks.store.measurements import BeatRecord, GroupEvent, Reading, StepUsage

#: What a beat does itself is done within that, and a worker takes a run within that; else it is another run.
BEGINS_WITHIN = timedelta(minutes=5)
#: A scheduled beat begins within that after its time.
_PUNCTUAL = timedelta(minutes=1)
#: What a step used is written a little before its group's run has ended, by another clock.
_SLACK = timedelta(seconds=1)
#: A reading says nothing of a time that is further away: one is due each minute, and at each beat.
_FRESH = BEAT + _PUNCTUAL


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A group's run that has ended, and the CPU seconds that its steps used; None where that is not known."""

    group: str
    began: datetime
    seconds: float
    outcome: Outcome
    reason: str
    cpu_seconds: float | None = None

    @property
    def ended(self) -> datetime:
        """When it ended."""
        return self.began + timedelta(seconds=self.seconds)

    @property
    def was_asked_for(self) -> bool:
        """Whether it began whether due or not: manually, or in another lane as a beat was forced to."""
        return self.reason == "manually"


@dataclass(frozen=True)
class Recorded:
    """The days from the first to the last of `beats`. All else, oldest first, may be older."""

    beats: Sequence[BeatRecord]
    runs: Sequence[RecordedRun]
    readings: Sequence[Reading] = ()
    usages: Sequence[StepUsage] = ()

    @property
    def start(self) -> datetime:
        """When the first beat was."""
        return self.beats[0].at

    @property
    def end(self) -> datetime:
        """When the last beat had ended."""
        last = self.beats[-1]
        return last.at + timedelta(seconds=last.seconds)

    @cached_property
    def notes(self) -> list[tuple[datetime, BeatNote]]:
        """What else beats decided by; a note that cannot be read is left out."""
        found = []
        for beat in self.beats:
            try:
                found.append((beat.at, read_note(beat.note)))
            except ValueError:
                continue
        return found

    @cached_property
    def holds(self) -> list[tuple[datetime, Holds]]:
        """When what was paused or left out changed, and to what."""
        changes: list[tuple[datetime, Holds]] = []
        for at, note in self.notes:
            if note.holds != (changes[-1][1] if changes else NONE):
                changes.append((at, note.holds))
        return changes

    @cached_property
    def forced(self) -> dict[datetime, tuple[str, ...]]:
        """Which groups were forced in which beats."""
        return {at: note.force for at, note in self.notes if note.force}

    @cached_property
    def manual(self) -> list[tuple[datetime, str]]:
        """When which groups were run manually: asked for, but by no beat."""

        def is_forced(run: RecordedRun) -> bool:
            return any(
                run.began - BEGINS_WITHIN <= at <= run.began and run.group in names
                for at, names in self.forced.items()
            )

        asked_for = (run for run in self.runs if run.was_asked_for and run.began >= self.start)
        return [(run.began, run.group) for run in asked_for if not is_forced(run)]

    @cached_property
    def held(self) -> frozenset[datetime]:
        """In which beats something else had `main`."""
        return frozenset(at for at, note in self.notes if note.is_held)

    @cached_property
    def reached(self) -> dict[datetime, tuple[str, ...]]:
        """To which groups those beats came that were cancelled."""
        return {at: note.reached for at, note in self.notes if note.reached is not None}

    @cached_property
    def scheduled(self) -> list[datetime]:
        """When beats were to begin: those of the clock that came, or were skipped as one was running.

        If most did not come by the clock, somebody else made them come: then it is all of them.
        """
        clock = [next_beat(beat.at) - BEAT for beat in self.beats]
        punctual = {at for at, beat in zip(clock, self.beats, strict=True) if beat.at - at <= _PUNCTUAL}
        if 2 * len(punctual) < len(self.beats):
            return [beat.at for beat in self.beats]
        times = punctual | set(self.forced)
        for beat in self.beats:
            at = next_beat(beat.at)
            while at <= beat.at + timedelta(seconds=beat.seconds):
                times.add(at)
                at += BEAT
        return sorted(times)

    @cached_property
    def by_group(self) -> dict[str, list[RecordedRun]]:
        """Each group's runs, oldest first."""
        found: dict[str, list[RecordedRun]] = defaultdict(list)
        for run in self.runs:
            found[run.group].append(run)
        return dict(found)

    def last(self, length: timedelta) -> Recorded:
        """Return the record of the last beats only: those within so much time of the last one."""
        first = self.beats[-1].at - length
        return replace(self, beats=[beat for beat in self.beats if beat.at >= first])

    def nearest(self, group: str, time: datetime) -> RecordedRun | None:
        """Return the group's run that began nearest to a time; None if it never ran."""
        runs = self.by_group.get(group, [])
        index = bisect_left(runs, time, key=lambda run: run.began)
        return min(runs[max(index - 1, 0) : index + 1], key=lambda run: abs(run.began - time), default=None)

    def begun_within(self, group: str, time: datetime, length: timedelta) -> RecordedRun | None:
        """Return the group's first run that began within a stretch of time; None if none did."""
        runs = self.by_group.get(group, [])
        index = bisect_left(runs, time, key=lambda run: run.began)
        run = runs[index] if index < len(runs) else None
        return run if run and run.began <= time + length else None

    def reading(self, time: datetime) -> Reading | None:
        """Return the reading of a time: the last one before it; None if that is too long ago."""
        index = bisect_right(self.readings, time, key=lambda reading: reading.at)
        reading = self.readings[index - 1] if index else None
        return reading if reading and time - reading.at <= _FRESH else None


def recorded_runs(events: Iterable[GroupEvent], usages: Iterable[StepUsage]) -> Iterator[RecordedRun]:
    """Given what happened to groups and what steps used, oldest first, yield the runs that have ended."""
    by_group: Mapping[str, list[StepUsage]] = defaultdict(list)
    for usage in usages:
        by_group[usage.group].append(usage)
    for event in events:
        if event.decision != Decision.RUN or event.outcome is None or event.seconds is None:
            continue
        mine = by_group[event.group]
        first = bisect_left(mine, event.at - _SLACK, key=lambda usage: usage.at)
        ended = event.at + timedelta(seconds=event.seconds) + _SLACK
        last = bisect_right(mine, ended, key=lambda usage: usage.at)
        used = [each.cpu_seconds for each in mine[first:last] if each.cpu_seconds is not None]
        yield RecordedRun(
            event.group,
            event.at.astimezone(UTC),
            event.seconds,
            event.outcome,
            event.reason,
            sum(used) if used else None,
        )
