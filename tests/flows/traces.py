"""A machine whose load is given: what the five groups do beside it, as beats decide and as time passes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flows.decisions.choice import Decision
from flows.decisions.load import Load
from flows.decisions.slots import BEAT, Slot, slot_at
from flows.decisions.usual import UsualLoad
from flows.replay.simulation import Conditions, Ending, SimulatedRun, Simulation
from tasks.builtin.analysis.expected import Expected
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import Reading
from tests.flows.machine_work import Work, busy_seconds, seconds_of
from tests.flows.rhythms import rhythm

START = datetime(2026, 1, 5, tzinfo=UTC)
A_DAY = 288  # beats

#: The five groups: how long each takes on an idle machine, in seconds, and how much of the CPU meanwhile.
WORK: Mapping[str, tuple[float, float]] = {
    "health_check": (15, 10),
    "performance_analysis": (60, 30),
    "system_maintenance": (90, 30),
    "daily_routine": (400, 50),
    "event_analysis": (150, 40),
}


def fixed() -> Settings:
    """The five groups, none of which ever waits."""
    return rhythm(health_check={"priority": "critical"})


def paced() -> Settings:
    """The five groups, of which all but the critical one wait for as long as they may by default."""
    return rhythm(
        health_check={"priority": "critical"},
        performance_analysis={"wait_at_most": "15m"},
        system_maintenance={"wait_at_most": "30m"},
        daily_routine={"wait_at_most": "3h"},
        event_analysis={"wait_at_most": "60m"},
    )


_SLOTS = fixed()


class Machine:
    """A machine on which others use so much of the CPU: `others`, in per cent, by five minutes.

    A group's work is fixed seconds of CPU, and takes longer where others leave less. A reading is the mean of
    the five minutes that are to come, off by a normal error of `error` points; what is usual is learned from
    what has been.
    """

    def __init__(self, others: Sequence[float], *, seed: int = 1, error: float = 20.0) -> None:
        self.others = others
        self._seed = seed
        self._usual = UsualLoad(rhythm().zone)
        self._learned = 0
        dice = random.Random(seed)
        self._readings = [
            Reading(START + index * BEAT, min(100.0, max(0.0, load + dice.gauss(0, error))))
            for index, load in enumerate(others)
        ]
        self._spread = [dice.lognormvariate(0, 0.3) for _ in range(997)]

    @property
    def conditions(self) -> Conditions:
        """What a simulation of this machine takes as given."""
        return Conditions(takes=self.takes, load=self.load, extra=False)

    def takes(self, group: str, began: datetime) -> Ending:
        """Return how long a run takes that begins then."""
        return Ending(seconds_of(self.work(group, began), began, self.used))

    def work(self, group: str, began: datetime) -> Work:
        """Return what the run of a group that begins then has to do: the same within a slot."""
        seconds, demand = WORK[group]
        slot = slot_at(_SLOTS.groups[group], began, _SLOTS.zone)
        number = (slot.start - START) // BEAT * 7 + len(group)
        return Work.of_run(seconds * self._spread[number % len(self._spread)], demand)

    def used(self, at: datetime) -> float:
        """Return what others use then; after the end, as at the end."""
        return self.others[min((at - START) // BEAT, len(self.others) - 1)]

    def load(self, at: datetime, durations: Mapping[str, Expected]) -> Load:
        """Return what a beat knows then."""
        index = (at - START) // BEAT
        for each in range(self._learned, index):
            self._usual.add(START + each * BEAT, self.others[each])
        self._learned = index
        return Load(self._readings[max(index - 23, 0) : index + 1], self._usual, durations)


@dataclass
class Result:
    """What came of a rhythm on a machine: slots without a run (`lost`), and its seconds of CPU."""

    days: float
    runs: Sequence[SimulatedRun]
    lost: Counter[str] = field(default_factory=Counter)
    deferred: Counter[str] = field(default_factory=Counter)
    skipped: int = 0
    cpu: float = 0.0
    cpu_while_busy: float = 0.0

    @property
    def high(self) -> float:
        """The part of our seconds of CPU, in per cent, while others used more than BUSY."""
        return 100 * self.cpu_while_busy / self.cpu if self.cpu else 0.0


def replayed(settings: Settings, machine: Machine) -> Result:
    """Return what comes of a rhythm on a machine, from START on for as long as its load is known."""
    end = START + len(machine.others) * BEAT
    simulation = Simulation(settings, START, end, machine.conditions)
    result = Result(len(machine.others) / A_DAY, simulation.runs)
    for beat in simulation:
        result.skipped += beat.is_skipped
        result.deferred.update(
            choice.group for choice in beat.choices if choice.decision is Decision.DEFERRED
        )
    for run in simulation.runs:
        work = machine.work(run.group, run.began)
        result.cpu += work.cpu_seconds
        result.cpu_while_busy += busy_seconds(work, run.began, machine.used)
    for name in settings.groups:
        used = {slot.start for slot in slots_of(name, settings, simulation.runs)}
        result.lost[name] = sum(slot.start not in used for slot in slots_between(name, settings, START, end))
    return result


def slots_of(name: str, settings: Settings, runs: Sequence[SimulatedRun]) -> list[Slot]:
    """Return the slots that the group's runs belong to: those in which they began."""
    group = settings.groups[name]
    return [slot_at(group, run.began, settings.zone) for run in runs if run.group == name]


def slots_between(name: str, settings: Settings, start: datetime, end: datetime) -> Iterator[Slot]:
    """Yield the group's slots that lie within [start, end)."""
    group = settings.groups[name]
    slot = slot_at(group, start, settings.zone)
    while slot.end <= end:
        if slot.start >= start:
            yield slot
        slot = slot_at(group, slot.end, settings.zone)


def scaled(others: Sequence[float], to: float) -> list[float]:
    """Return the load of the same machine with less CPU: a tenth of the time is above `to`."""
    top = sorted(others)[int(0.9 * len(others))]
    return [min(100.0, load * to / top) for load in others]
