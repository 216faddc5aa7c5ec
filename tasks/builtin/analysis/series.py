"""What is measured, as series of numbers: what each is called, in which unit, and how much of it matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from statistics import median

from tasks.builtin.analysis.deviations import is_judged
from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import CPU, MEMORY, Bucket, GroupEvent, Probe, Reading, StepUsage

_RUN, _DEFERRED = "run", "deferred"


@dataclass(frozen=True, slots=True)
class Measure:
    """A kind of figure, of which only more is worse. Each is in seconds, or else in per cent.

    A spike is at least `least` above what was expected, and the part `least_part` of it. `is_ratio`: what
    counts is how many times as much it is, as with all that takes time, which is skewed (little takes much
    longer, nothing less than no time). The rest is for sentences: "the CPU `verb` 92 %`after`, usually 20 %".
    """

    name: str
    verb: str
    least: float
    least_part: float
    text: Callable[[float], str]
    after: str = ""
    in_seconds: bool = True
    is_ratio: bool = False


def duration(seconds: float) -> str:
    """Given seconds, return them as people read them: 40 s, 4 min 10 s, 1 h 05 min."""
    if seconds < 100:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def milliseconds(seconds: float) -> str:
    """Return a latency as text."""
    return f"{timedelta(seconds=seconds) / timedelta(milliseconds=1):,.0f} ms"


def percent(value: float) -> str:
    """Return a percentage as text."""
    return f"{value:.0f} %"


#: How long an endpoint took to answer. Below 20 ms is what a scheduler costs (Windows' clock ticks every
#: 15.6 ms), and less than half of the usual is nothing that anybody would notice.
LATENCY = Measure("latency", "answered in", 0.020, 0.5, milliseconds, is_ratio=True)
#: How long a run of a step or group took. Two seconds are what starting a program costs on a busy machine.
DURATION = Measure("duration", "took", 2.0, 0.25, duration, is_ratio=True)
#: How long after it was due a run began. One beat is what the groups before it may take.
WAIT = Measure("wait", "began", 300.0, 0.25, duration, after=" after it was due", is_ratio=True)
#: How much of the CPU was in use: less than a quarter of it more is what a computer is for.
CPU_USE = Measure("use", "was used to", 25.0, 0.25, percent, in_seconds=False)
#: How much of the memory was in use, which scatters less.
MEMORY_USE = Measure("use", "was used to", 10.0, 0.25, percent, in_seconds=False)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured: its name for people, and for events its address: "step/nightly/backup.ps1".

    `part_of` is the address of what it is a part of, as a step is of its group; empty if of nothing.
    """

    name: str
    address: str
    measure: Measure
    part_of: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """The values of a subject (seconds or per cent), each with the time (aware) it was measured, in order."""

    of: Subject
    points: Sequence[tuple[datetime, float]]

    @property
    def every(self) -> timedelta:
        """How far apart two values usually lie, by the median; 0 of fewer than two."""
        distances = [(at - before).total_seconds() for (before, _), (at, _) in pairwise(self.points)]
        return timedelta(seconds=median(distances)) if distances else timedelta(0)

    @property
    def is_judged(self) -> bool:
        """Whether there are enough values for the last one to be judged."""
        return is_judged([at for at, _ in self.points])


def latencies(endpoint: str, probes: Iterable[Probe]) -> Series:
    """Return how long an endpoint's answers took."""
    points = [(probe.at, probe.latency) for probe in probes if probe.ok and probe.latency is not None]
    return Series(Subject(endpoint, f"endpoint/{endpoint}", LATENCY), points)


def step_durations(steps: Iterable[StepUsage]) -> list[Series]:
    """Return how long attempts at steps took that were completed; a failed one ends early, or late."""
    found: dict[tuple[str, str], list[tuple[datetime, float]]] = {}
    for step in sorted(steps, key=lambda step: step.at):
        if step.outcome is Outcome.COMPLETED:
            found.setdefault((step.group, step.step), []).append((step.at, step.seconds))
    return [
        Series(Subject(f"{group} / {step}", f"step/{group}/{step}", DURATION, f"group/{group}"), points)
        for (group, step), points in sorted(found.items())
    ]


def group_durations(events: Iterable[GroupEvent], steps: Iterable[StepUsage]) -> list[Series]:
    """Return how long runs of groups took that were completed, and in which no step was tried again."""
    again: dict[str, list[datetime]] = {}
    for step in steps:
        if step.attempt > 1:
            again.setdefault(step.group, []).append(step.at)
    found: dict[str, list[tuple[datetime, float]]] = {}
    for run in _runs(events):
        if run.outcome is not Outcome.COMPLETED or run.seconds is None:
            continue
        end = run.at + timedelta(seconds=run.seconds)
        if not any(run.at <= at <= end for at in again.get(run.group, ())):
            found.setdefault(run.group, []).append((run.at, run.seconds))
    return [Series(Subject(group, f"group/{group}", DURATION), points) for group, points in found.items()]


def waits(events: Iterable[GroupEvent], settings: Settings) -> list[Series]:
    """Return how long after its slot began the first run in it did, by the groups that there are.

    A run that was deferred for the sake of others waited on purpose. Times are those at which it was due.
    """
    events = list(events)
    deferred: dict[str, set[datetime]] = {}
    found: dict[str, dict[datetime, float]] = {}
    for event in sorted(events, key=lambda event: event.at):
        group = settings.groups.get(event.group)
        if group is None or event.decision not in (_RUN, _DEFERRED):
            continue
        due = group.calendar.slot_at(event.at, group.zone or settings.zone).start
        if event.decision == _DEFERRED:
            deferred.setdefault(event.group, set()).add(due)
        elif due not in deferred.get(event.group, ()):
            found.setdefault(event.group, {}).setdefault(due, (event.at - due).total_seconds())
    return [
        Series(Subject(group, f"wait/{group}", WAIT), list(waited.items())) for group, waited in found.items()
    ]


#: The figures of the machine that are looked at, by the names of their samples.
FIGURES: Mapping[str, Subject] = {
    CPU: Subject("the CPU", "machine/cpu", CPU_USE),
    MEMORY: Subject("the memory", "machine/memory", MEMORY_USE),
}


def machine_use(buckets: Iterable[Bucket], width: timedelta) -> list[Series]:
    """Given buckets of samples, by name and time, return the use of CPU and memory, at their middles."""
    return [
        Series(FIGURES[name], [(bucket.at + width / 2, bucket.mean) for bucket in found])
        for name, found in groupby(buckets, key=lambda bucket: bucket.name)
        if name in FIGURES
    ]


def cpu_use(readings: Iterable[Reading], width: timedelta) -> Series:
    """Given readings, return the use of the CPU, by others and by Rhythm, as means of stretches of `width`.

    Each has the time of its first reading. Those of beats are left out: they are of a few seconds.
    """
    sums: dict[float, tuple[datetime, float, int]] = {}
    for each in readings:
        if each.others is None or each.own is None or each.of_beat:
            continue
        stretch = each.at.timestamp() // width.total_seconds()
        first, total, count = sums.get(stretch, (each.at, 0.0, 0))
        sums[stretch] = (first, total + min(each.others + each.own, 100.0), count + 1)
    return Series(FIGURES[CPU], [(at, total / count) for at, total, count in sums.values()])


def _runs(events: Iterable[GroupEvent]) -> list[GroupEvent]:
    return sorted((event for event in events if event.decision == _RUN), key=lambda event: event.at)
