"""A plausible past: what a machine with the five groups and three services would have written down.

Decisions are those of the real cadence; the same dice give the same past to the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from flows.decisions.cadence import choose
from flows.decisions.choice import Choice, Decision
from flows.decisions.group_runs import Run
from flows.decisions.situation import Situation
from tasks.outcome import Outcome
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import (
    CPU,
    LOAD,
    MEMORY,
    PROCESSES,
    PYTHON_PROCESSES,
    SWAP,
    GroupEvent,
    Probe,
    Reading,
    Sample,
    StepUsage,
    Transition,
    disk_sample,
)
from tasks.store.store import Store

#: Of 90 days.
SAMPLES = 2_000_000
#: Usual latency in seconds, and how many outages a week.
SERVICES = {"chat gateway": (0.220, 1.0), "local llm": (0.022, 2.0), "task queue": (0.008, 0.3)}
NAMES = (CPU, MEMORY, SWAP, LOAD, PROCESSES, PYTHON_PROCESSES, disk_sample("/"), disk_sample("/data"))

_BEAT = timedelta(minutes=5)
_DAY = timedelta(days=1)
_BACKUP_HOUR = 2  # another program's backup makes health_check time out at times
_PAUSED, _PAUSED_DAYS = "event_analysis", range(40, 43)  # days ago
_MEBIBYTE = 2**20


def fill(
    store: Store, now: datetime, days: int = 90, *, samples: int | None = None, dice: Random | None = None
) -> None:
    """Write the `days` before `now` (aware) into the store; all its hours are those of UTC.

    That is a beat every five minutes with five decisions, what their steps cost, probes of three services
    with their breakers, its reading of the load, and `samples` numbers of the machine (as many as make
    2,000,000 in 90 days).
    """
    dice = dice or Random(1)
    now = now.astimezone(UTC)
    each = days * _DAY * len(NAMES) / (samples or SAMPLES * days / 90)
    settings = config.load(config.PROJECT / "rhythm.toml").model_copy(update={"timezone": "UTC"})
    machine = _Machine(settings, dice)
    begin = now - days * _DAY
    for day in range(days):
        paused = days - day in _PAUSED_DAYS
        beats = _Beats(_pause(settings) if paused else settings, machine, dice)
        for number in range(_DAY // _BEAT):
            beats.beat(begin + number * _BEAT)
        store.add_decisions(beats.decisions)
        store.add_steps(beats.steps)
        store.add_probes(beats.probes)
        store.add_transitions(beats.transitions)
        store.add_samples(_samples(begin, each, days - day, dice))
        store.add_readings(_readings(begin, days - day))
        begin += _DAY


def _pause(settings: Settings) -> Settings:
    group = settings.groups[_PAUSED].model_copy(update={"enabled": False})
    return settings.model_copy(update={"groups": {**settings.groups, _PAUSED: group}})


@dataclass(slots=True)
class _Service:
    """A service with its good and bad times, and the breaker before it."""

    name: str
    latency: float
    outages: float
    down_until: datetime | None = None
    slow_for: int = 0
    breaker: str = "closed"
    row: int = 0  # answers one after another that speak for a change
    reset: float = 60.0
    tried_at: datetime | None = None

    def probe(self, at: datetime, dice: Random) -> Probe:
        if self.down_until is None and dice.random() < self.outages / 1008:  # probes a week
            self.down_until = at + timedelta(minutes=dice.expovariate(1 / 45) + 10)
        if self.down_until is not None and at < self.down_until:
            return Probe(self.name, at, False, None, "cannot be reached: connection refused")
        self.down_until = None
        if self.slow_for == 0 and dice.random() < 1 / 150:  # about once a day
            self.slow_for = dice.randint(1, 4)
        latency = self.latency * (1 + 0.3 * _by_day(at)) * dice.lognormvariate(0, 0.06)
        if self.slow_for:
            self.slow_for -= 1
            latency *= dice.uniform(4, 15)
        return Probe(self.name, at, True, latency)

    def transitions(self, probe: Probe) -> Iterator[Transition]:
        def change(to: str, reason: str, reset: float = 0.0) -> Transition:
            before, self.breaker, self.row = self.breaker, to, 0
            self.tried_at = probe.at + timedelta(seconds=reset)
            return Transition(self.name, probe.at, before, to, reason, reset)

        if self.breaker == "open":
            if self.tried_at is None or probe.at < self.tried_at:
                return
            yield change("half_open", f"tried again after {self.reset:g} s")
        speaks_for_change = probe.ok is (self.breaker == "half_open")
        self.row = self.row + 1 if speaks_for_change else 0
        if self.breaker == "closed" and self.row == 3:
            self.reset = 60.0
            yield change("open", "3 failures in a row", self.reset)
        elif self.breaker == "half_open" and not probe.ok:
            self.reset = min(2 * self.reset, 900.0)
            yield change("open", "failed when tried again", self.reset)
        elif self.breaker == "half_open" and self.row == 2:
            yield change("closed", "2 successes in a row")


class _Machine:
    """What goes on from one day to the next: services, and what each group's last runs were."""

    def __init__(self, settings: Settings, dice: Random) -> None:
        self.services = [_Service(name, *usual) for name, usual in SERVICES.items()]
        self.runs: dict[str, list[Run]] = {name: [] for name in settings.groups}
        #: Usual seconds and bytes of each step.
        self.usual = {
            step.name: (dice.uniform(0.2, 4), dice.uniform(30, 250) * _MEBIBYTE)
            for group in settings.groups.values()
            for step in group.steps
        }


@dataclass(slots=True)
class _Beats:
    """The beats of a day, and all that they write down."""

    settings: Settings
    machine: _Machine
    dice: Random
    decisions: list[GroupEvent] = field(default_factory=list)
    steps: list[StepUsage] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)

    def beat(self, at: datetime) -> None:
        earlier: dict[str, Choice] = {}
        for name in self.settings.order:
            choice = choose(name, Situation(self.settings, self.machine.runs, at), earlier=earlier)
            earlier[name] = choice
            if choice.decision is not Decision.RUN:
                self.decisions.append(GroupEvent(at, name, choice.decision.value, choice.reason))
                continue
            run = self._run(name, at)
            self.machine.runs[name] = [*self.machine.runs[name][-3:], run]
            event = GroupEvent(at, name, choice.decision.value, choice.reason, run.outcome, run.seconds)
            self.decisions.append(event)
            at = run.ended or at

    def _run(self, name: str, at: datetime) -> Run:
        outcome = self._outcome(name, at)
        began = at
        for number, step in enumerate(self.settings.groups[name].steps):
            usual, memory = self.machine.usual[step.name]
            ended = Outcome.COMPLETED if number else outcome
            seconds = 60.0 if ended is Outcome.TIMED_OUT else usual * self.dice.lognormvariate(0, 0.2)
            spent = min(seconds, usual) * self.dice.uniform(0.4, 0.9)
            peak = round(memory * self.dice.uniform(0.95, 1.1))
            self.steps.append(StepUsage(at, name, step.name, 1, ended, seconds, spent, peak))
            at += timedelta(seconds=seconds)
        return Run(began, at, outcome)

    def _outcome(self, name: str, at: datetime) -> Outcome:
        if name != "health_check":
            return Outcome.FAILED if self.dice.random() < 0.01 else Outcome.COMPLETED
        down = False
        for service in self.machine.services:
            probe = service.probe(at, self.dice)
            self.probes.append(probe)
            self.transitions += service.transitions(probe)
            down |= not probe.ok
        if at.hour == _BACKUP_HOUR and self.dice.random() < 0.5:
            return Outcome.TIMED_OUT
        return Outcome.FAILED if down else Outcome.COMPLETED


def _samples(begin: datetime, each: timedelta, days_ago: int, dice: Random) -> Iterator[Sample]:
    """Yield a day of all samples, one of each name every `each`."""
    for number in range(math.ceil(_DAY / each)):
        at = begin + number * each
        for name, value in _values(at, days_ago, dice).items():
            yield Sample(at, name, value)


def _readings(begin: datetime, days_ago: int) -> Iterator[Reading]:
    """Yield the readings of a day's beats: others are busy for the backup, and in some other beats."""
    dice = Random(days_ago)
    for number in range(_DAY // _BEAT):
        at = begin + number * _BEAT
        is_busy = at.hour == _BACKUP_HOUR or dice.random() < 0.03
        others = dice.uniform(72, 95) if is_busy else 20 + 10 * _by_day(at) + dice.uniform(-5, 5)
        available = round((9 - 2 * _by_day(at) + dice.gauss(0, 0.2)) * 2**30)
        yield Reading(at, others, dice.uniform(0.5, 4), available, of_beat=True)


def _values(at: datetime, days_ago: int, dice: Random) -> Mapping[str, float]:
    busy = 25 + 15 * _by_day(at) + (35 if at.minute % 5 == 0 else 0)  # a beat is felt
    cpu = min(100.0, max(0.5, busy + dice.gauss(0, 5)))
    values = (
        cpu,
        min(99.0, 42 + 6 * _by_day(at) + (-days_ago % 14) + dice.gauss(0, 0.8)),  # leaks for two weeks
        max(0.0, 3 + dice.gauss(0, 0.3)),
        cpu / 25 + abs(dice.gauss(0, 0.2)),
        float(round(310 + 40 * _by_day(at) + dice.gauss(0, 6))),
        float(round(12 + cpu / 10 + dice.gauss(0, 1))),
        70 - days_ago / 10 + dice.gauss(0, 0.05),
        55 + (-days_ago % 7) + dice.gauss(0, 0.05),
    )
    return dict(zip(NAMES, values, strict=True))


def _by_day(at: datetime) -> float:
    """Return how busy the hour is: from -1 at 02:00 to 1 at 14:00."""
    return -math.cos((at.hour + at.minute / 60 - 2) / 24 * 2 * math.pi)
