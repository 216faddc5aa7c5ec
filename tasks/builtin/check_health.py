"""Is the machine well, and is every service up?

Fails if an endpoint is down, or if a disk or the memory is nearly full; what it sees goes to the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from humanize import naturalsize

from tasks.builtin.contract import Context, Parser
from tasks.endpoints.probe import ask_at_once, endpoints_of
from tasks.machine.disks import DiskReading, read_disks
from tasks.machine.processes import ProcessInfo, count_samples, survey
from tasks.machine.vitals import MachineReading, read_machine
from tasks.measurements import Probe, Sample
from tasks.outcome import StepFailedError
from tasks.settings import Settings
from tasks.store import StoreError, store_of

#: Percent of a disk or the memory in use: from here on there is a warning, …
WARNING = 90.0
#: … and from here on the step fails: the next thing to be written or started may not fit.
FULL = 98.0

# How long the CPU is watched, and an endpoint waited for at most, in seconds.
_CPU_INTERVAL, _FAST_CPU_INTERVAL = 1.0, 0.1
_FAST_TIMEOUT = 2.0


@dataclass(frozen=True, slots=True)
class HealthReport:
    """What was seen `at` that moment, and what is to be thought of it."""

    at: datetime
    machine: MachineReading
    disks: DiskReading
    processes: Sequence[ProcessInfo]
    probes: tuple[Probe, ...]

    @property
    def failures(self) -> list[str]:
        """What fails the step, each as a clause for people."""
        down = [f"{probe.endpoint} is down: {probe.error}" for probe in self.probes if not probe.ok]
        return down + [text for percent, text in self._fullness() if percent >= FULL]

    @property
    def warnings(self) -> list[str]:
        """What the user should look at before it fails the step."""
        nearly = [text for percent, text in self._fullness() if WARNING <= percent < FULL]
        return [*nearly, *self.disks.unreadable]

    @property
    def summary(self) -> str:
        """One line of figures."""
        up = sum(probe.ok for probe in self.probes)
        services = f"{up} of {len(self.probes)} endpoints up" if self.probes else "no endpoint to ask"
        fullest = max(self.disks.disks, key=lambda disk: disk.percent, default=None)
        disk = f"fullest disk {fullest.mount} {fullest.percent:.0f} %" if fullest else "no disk to read"
        return (
            f"CPU {self.machine.cpu_percent:.0f} %, memory {self.machine.memory_percent:.0f} %, "
            f"{disk}, {len(self.processes)} processes "
            f"({sum(process.is_python for process in self.processes)} of Python), {services}"
        )

    def samples(self) -> Iterator[Sample]:
        """The figures, for the store."""
        yield from self.machine.samples(self.at)
        yield from self.disks.samples(self.at)
        yield from count_samples(self.processes, self.at)

    def _fullness(self) -> Iterator[tuple[float, str]]:
        """How full each thing is that can fill up, in percent and in words."""
        available = naturalsize(self.machine.memory_available, binary=True)
        percent = self.machine.memory_percent
        yield percent, f"memory is {percent:.0f} % used ({available} available)"
        for disk in self.disks.disks:
            free = naturalsize(disk.free, binary=True)
            yield disk.percent, f"disk {disk.mount} is {disk.percent:.0f} % full ({free} free)"


def check_health(settings: Settings, now: datetime, *, fast: bool) -> HealthReport:
    """Look at the machine, then ask every endpoint at once.

    `fast` watches the CPU for 0.1 s instead of 1 s, and waits 2 s at most for an endpoint.

    Raises:
        StepFailedError: there is no endpoint in the settings, and PREFECT_API_URL is no address.
    """
    return HealthReport(
        at=now,
        machine=read_machine(_FAST_CPU_INTERVAL if fast else _CPU_INTERVAL),
        disks=read_disks(),
        processes=survey(),
        probes=ask_at_once(endpoints_of(settings), now, at_most=_FAST_TIMEOUT if fast else None),
    )


def save(report: HealthReport, settings: Settings) -> None:
    """Put the report's figures into the store.

    Raises:
        StoreError: they could not be kept.
    """
    with store_of(settings) as store:
        store.add_samples(report.samples())
        store.add_probes(report.probes)


def main(argv: Sequence[str], context: Context) -> str:
    """Check, store and judge. A store that cannot be written is a warning: health comes first."""
    parser = Parser("check_health", "Is the machine well, and is every service up?")
    parser.add_argument("--fast", action="store_true", help="short time-outs, and a short look at the CPU")
    fast: bool = parser.parse_args(argv).fast

    report = check_health(context.settings, context.now(), fast=fast)
    for probe in report.probes:
        if probe.ok and probe.latency is not None:
            context.log.info("%s is up, %.0f ms", probe.endpoint, probe.latency * 1000)
    for warning in report.warnings:
        context.log.warning("%s", warning)
    try:
        save(report, context.settings)
    except StoreError as error:
        context.log.warning("not stored: %s", error)
    if report.failures:
        raise StepFailedError("; ".join(report.failures))
    return report.summary
