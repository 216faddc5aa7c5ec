"""What recorded days would have been under changed settings: what every advice rests on. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from statistics import median
from typing import Any

from pydantic import ValidationError

from flows.advice.changes import Change, changed
from flows.replay.figures import GroupFigures, figures
from flows.replay.recorded import Recorded, RecordedRun
from flows.replay.replay import replay
from flows.replay.simulation import SimulatedRun
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings

_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Measured:
    """What the recorded days come to: the figures of each group, and how many beats are skipped."""

    groups: Mapping[str, GroupFigures]
    skipped: int
    in_main: Sequence[SimulatedRun] = field(default=(), repr=False)
    """The runs in the lane `main`, oldest first: there, one ends before the next begins."""

    def late(self, but: str = "") -> int:
        """How many slots are late or lost, of all groups but one."""
        return sum(found.late + found.lost for name, found in self.groups.items() if name != but)

    @property
    def lost(self) -> int:
        """How many slots are lost."""
        return sum(found.lost for found in self.groups.values())

    @property
    def failed(self) -> int:
        """How many runs fail."""
        return sum(found.failed for found in self.groups.values())

    @property
    def busy_cpu(self) -> float:
        """The CPU seconds that all use while others are busy."""
        return sum(found.busy_cpu or 0.0 for found in self.groups.values())

    @cached_property
    def held_up(self) -> Mapping[tuple[str, str], float]:
        """For how many seconds late or lost slots of one group passed while another one ran in `main`."""
        seconds: dict[tuple[str, str], float] = defaultdict(float)
        for delay in (each for found in self.groups.values() for each in found.delays):
            first = bisect_right(self.in_main, delay.start, key=lambda run: run.ended)
            last = bisect_left(self.in_main, delay.end, key=lambda run: run.began)
            for run in self.in_main[first:last]:
                passed = min(run.ended, delay.end) - max(run.began, delay.start)
                seconds[delay.group, run.group] += passed.total_seconds()
        return seconds


@dataclass(frozen=True)
class Advice:
    """One change, why, and what it would have changed: of each figure, what it is and what it would be."""

    kind: str
    group: str
    title: str
    why: str
    changes: tuple[Change, ...]
    figures: tuple[tuple[str, str, str], ...] = ()
    #: The record as it would be, where the change is one of how runs end.
    recorded: Recorded | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Evidence:
    """The recorded days, and the rhythm.toml (its `tables`) under which they are replayed."""

    tables: Mapping[str, Any]
    recorded: Recorded

    @cached_property
    def settings(self) -> Settings:
        """What the tables make."""
        return Settings(**self.tables)

    @cached_property
    def now(self) -> Measured:
        """What the days come to as it is."""
        return self._measured(self.settings, self.recorded)

    @property
    def weeks(self) -> float:
        """How many weeks are recorded."""
        return (self.recorded.end - self.recorded.start) / _WEEK

    def under(self, changes: Iterable[Change], recorded: Recorded | None = None) -> Measured | None:
        """Return what the days come to after changes; None if that is no valid rhythm."""
        try:
            settings = Settings(**changed(self.tables, changes))
        except ValidationError:
            return None
        return self._measured(settings, recorded or self.recorded)

    def after(self, advice: Advice) -> Evidence:
        """Return the evidence for further advice, once this one is taken."""
        return Evidence(changed(self.tables, advice.changes), advice.recorded or self.recorded)

    def usual_seconds(self, group: str) -> float:
        """Return how long a run of the group takes in the middle of all; 0 if it never ran."""
        return median([run.seconds for run in self._runs(group)] or [0.0])

    def cpu_seconds(self, group: str) -> float:
        """Return the CPU seconds of all recorded runs of the group."""
        return sum(run.cpu_seconds or 0.0 for run in self._runs(group))

    def _runs(self, group: str) -> Sequence[RecordedRun]:
        return [r for r in self.recorded.by_group.get(group, ()) if r.began >= self.recorded.start]

    @staticmethod
    def _measured(settings: Settings, recorded: Recorded) -> Measured:
        replayed = replay(settings, recorded)
        in_main = [each.run for each in replayed.runs if each.run.lane == MAIN]
        return Measured(figures(replayed), replayed.skipped, in_main)
