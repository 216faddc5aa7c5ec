"""Whether a machine and its services are well: a verdict, and the reasons for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from humanize import naturalsize

from tasks.builtin.machine.disks import DiskReading
from tasks.builtin.machine.vitals import MachineReading
from tasks.settings.builtins import HealthSettings, Limits
from tasks.settings.endpoints import EndpointSettings
from tasks.store.measurements import Probe


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is not as it should be, as a clause for people."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class HealthVerdict:
    """What is to be thought of it all; the worst reason decides."""

    reasons: tuple[Reason, ...] = ()

    @property
    def level(self) -> Level:
        """The level of the worst reason; `ok` without any."""
        levels = [reason.level for reason in self.reasons]
        return next((level for level in (Level.CRITICAL, Level.WARNING) if level in levels), Level.OK)

    def of(self, level: Level) -> list[str]:
        """Return the texts of the reasons of one level."""
        return [reason.text for reason in self.reasons if reason.level is level]


def judge(
    machine: MachineReading,
    disks: DiskReading,
    endpoints: Sequence[EndpointSettings],
    probes: Sequence[Probe],
    limits: HealthSettings,
) -> HealthVerdict:
    """Given what was seen (a probe for each endpoint, in order), return the verdict."""
    available = naturalsize(machine.memory_available, binary=True)
    reasons = [
        *_services(endpoints, probes),
        *_figure(limits.cpu, machine.cpu_percent, f"CPU is {machine.cpu_percent:.0f} % busy"),
        *_figure(
            limits.memory,
            machine.memory_percent,
            f"memory is {machine.memory_percent:.0f} % used ({available} available)",
        ),
    ]
    for disk in disks.disks:
        free = naturalsize(disk.free, binary=True)
        text = f"disk {disk.mount} is {disk.percent:.0f} % full ({free} free)"
        reasons += _figure(limits.disk, disk.percent, text)
    reasons += [Reason(Level.WARNING, sentence) for sentence in disks.unreadable]
    return HealthVerdict(tuple(reasons))


def _services(endpoints: Sequence[EndpointSettings], probes: Sequence[Probe]) -> Iterator[Reason]:
    """One that is down is critical, unless it has a role and another one with a role is up in its place."""
    asked = list(zip(endpoints, probes, strict=True))
    covered = any(probe.ok for endpoint, probe in asked if endpoint.role)
    for endpoint, probe in asked:
        if not probe.ok:
            level = Level.WARNING if endpoint.role and covered else Level.CRITICAL
            yield Reason(level, f"{probe.endpoint} is down: {probe.error}")


def _figure(limits: Limits, percent: float, text: str) -> Iterable[Reason]:
    if limits.critical is not None and percent >= limits.critical:
        return [Reason(Level.CRITICAL, text)]
    return [Reason(Level.WARNING, text)] if percent >= limits.warning else []
