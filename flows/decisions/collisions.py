"""How long what is planned takes, when it would end, and what is in each other's way. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from flows.decisions.choice import Choice, Decision
from flows.decisions.timetable import SimulatedBeat
from tasks.builtin.analysis.expected import Expected
from tasks.duration_text import about
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings

#: How many times of a collision are listed, and how many groups.
LISTED, NAMED = 2, 4


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A run of a timetable, with what it is expected to take, and from when to when; None: not known."""

    at: datetime
    choice: Choice
    needs: Expected | None = None
    begins: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Collision:
    """What of a timetable is in each other's way, in the same way each time: `at` are the times.

    `groups` are those that take too long, `seconds` what they usually take together, `held` who waits.
    """

    lane: str
    groups: tuple[str, ...]
    seconds: float
    at: tuple[datetime, ...]
    held: str = ""
    room: timedelta | None = None
    """What a beat may take, or how long it is until the group's next run; None if another group waits."""

    def sentence(self, clock: Callable[[datetime], str]) -> str:
        """It, for people."""
        names, took = _listed(_shortened(self.groups)), about(self.seconds)
        room = about(self.room.total_seconds()) if self.room else ""
        if self.held:
            what = f"{self.held} waits in the lane {self.lane} for {names}, which usually takes {took}"
        elif self.lane != MAIN:
            what = f"{names} usually takes {took}, and has {room} until its next run"
        elif len(self.groups) == 1:
            what = f"{names} usually takes {took}, and a beat has {room}"
        else:
            what = f"{names} usually take {took} together, and a beat has {room}"
        times = [clock(time) for time in self.at[:LISTED]]
        if len(self.at) > LISTED:
            times.append(f"{len(self.at) - LISTED} more times")
        return f"{what}: at {_listed(times)}"


def planned(beats: Iterable[SimulatedBeat], durations: Mapping[str, Expected]) -> Iterator[PlannedRun]:
    """Yield the runs of a timetable, each one after what runs before it in its beat or lane.

    Where it is not known how long one before it takes, nor is when it would end.
    """
    free: dict[str, datetime | None] = {}
    for beat in beats:
        free[MAIN] = beat.at  # what a longer beat before it skips is a collision, and not moved
        for choice in beat.choices:
            if choice.decision is not Decision.RUN:
                continue
            needs, lane = durations.get(choice.group), choice.lane
            begins = free.get(lane, beat.at)
            if begins is not None:
                begins = max(begins, beat.at)
            ends = begins + timedelta(seconds=needs.seconds) if begins and needs else None
            free[lane] = ends
            yield PlannedRun(beat.at, choice, needs, begins, ends)


def collisions(runs: Sequence[PlannedRun], settings: Settings) -> list[Collision]:
    """Return what is in each other's way: beats that take too long, and lanes that are not free in time."""
    found = [*_long_beats(runs, settings), *_held(runs)]
    found.sort(key=lambda each: (each.lane, each.groups, each.held, each.at))
    alike = groupby(found, key=lambda each: (each.lane, each.groups, each.held))
    together = []
    for _, each in alike:
        same = list(each)
        first, at = same[0], tuple(time for one in same for time in one.at)
        together.append(Collision(first.lane, first.groups, first.seconds, at, first.held, first.room))
    return sorted(together, key=lambda each: each.at)


def _long_beats(runs: Sequence[PlannedRun], settings: Settings) -> Iterator[Collision]:
    """Yield the beats that usually take longer than one may, for what they run in `main`."""
    most = settings.pacing.beat_at_most
    for at, beat in groupby((run for run in runs if run.choice.lane == MAIN), key=lambda run: run.at):
        known = [(run.choice.group, run.needs.seconds) for run in beat if run.needs]
        seconds = sum(took for _, took in known)
        if seconds > most.total_seconds():
            yield Collision(MAIN, tuple(group for group, _ in known), seconds, (at,), room=most)


def _held(runs: Sequence[PlannedRun]) -> Iterator[Collision]:
    """Yield the runs of other lanes that still go on when the next one there is due."""
    lanes: dict[str, list[PlannedRun]] = {}
    for run in runs:
        if run.choice.lane == MAIN:
            continue
        going = [each for each in lanes.get(run.choice.lane, ()) if each.ends is None or each.ends > run.at]
        lanes[run.choice.lane] = [*going, run]
        if not going or (needs := going[0].needs) is None:
            continue
        last, group = going[0], run.choice.group  # the others wait for it as well
        if last.choice.group == group:
            yield Collision(run.choice.lane, (group,), needs.seconds, (last.at,), room=run.at - last.at)
        else:
            yield Collision(run.choice.lane, (last.choice.group,), needs.seconds, (run.at,), group)


def _shortened(names: Sequence[str]) -> Sequence[str]:
    return names if len(names) <= NAMED else [*names[: NAMED - 1], f"{len(names) - NAMED + 1} more"]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
