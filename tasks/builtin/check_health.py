"""Is the machine well, and is every service up?

The verdict is ok, warning or critical, by the limits of `[health]`; critical fails the step. What it
sees goes to the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.builtin.analysis.health import HealthVerdict, Level, judge
from tasks.builtin.contract import Context, Parser, Report
from tasks.builtin.endpoints.probe import ask_at_once, endpoints_of
from tasks.builtin.machine.disks import DiskReading, read_disks
from tasks.builtin.machine.processes import ProcessInfo, count_samples, survey
from tasks.builtin.machine.vitals import MachineReading, read_machine
from tasks.markdown import escaped, table
from tasks.outcome import StepFailedError
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import Probe, Sample
from tasks.store.store import StoreError, store_of

# How long the CPU is watched, and an endpoint waited for at most, in seconds.
_CPU_INTERVAL, _FAST_CPU_INTERVAL = 1.0, 0.1
_FAST_TIMEOUT = 2.0


@dataclass(frozen=True, slots=True)
class HealthReport:
    """What was seen `at` that time, and how it is judged."""

    at: datetime
    machine: MachineReading
    disks: DiskReading
    processes: Sequence[ProcessInfo]
    probes: tuple[Probe, ...]
    verdict: HealthVerdict

    @property
    def summary(self) -> str:
        """One line: the verdict, and the figures."""
        up = sum(probe.ok for probe in self.probes)
        services = f"{up} of {len(self.probes)} endpoints up" if self.probes else "no endpoint to ask"
        fullest = max(self.disks.disks, key=lambda disk: disk.percent, default=None)
        disk = f"fullest disk {fullest.mount} {fullest.percent:.0f} %" if fullest else "no disk to read"
        return (
            f"{self.verdict.level}: CPU {self.machine.cpu_percent:.0f} %, "
            f"memory {self.machine.memory_percent:.0f} %, {disk}, {len(self.processes)} processes "
            f"({sum(process.is_python for process in self.processes)} of Python), {services}"
        )

    def samples(self) -> Iterator[Sample]:
        """The figures, for the store."""
        yield from self.machine.samples(self.at)
        yield from self.disks.samples(self.at)
        yield from count_samples(self.processes, self.at)

    def to_markdown(self) -> str:
        """The report as a section of its group's."""
        reasons = [f"- {reason.level}: {escaped(reason.text)}" for reason in self.verdict.reasons]
        rows = [
            (
                probe.endpoint,
                "up" if probe.ok else "down",
                "–" if probe.latency is None else f"{probe.latency * 1000:.0f} ms",
                probe.error,
            )
            for probe in self.probes
        ]
        return "\n\n".join(
            [
                f"## Health: {self.verdict.level}",
                *(["\n".join(reasons)] if reasons else []),
                escaped(self.summary),
                *([table(("endpoint", "is", "answered in", "because"), rows)] if rows else []),
            ]
        )


def check_health(settings: Settings, now: datetime, *, fast: bool) -> HealthReport:
    """Look at the machine, then ask every endpoint at once.

    `fast` watches the CPU for 0.1 s instead of 1 s, and waits 2 s at most for an endpoint.

    Raises:
        StepFailedError: there is no endpoint in the settings, and PREFECT_API_URL is not an address.
    """
    endpoints = endpoints_of(settings)
    machine = read_machine(_FAST_CPU_INTERVAL if fast else _CPU_INTERVAL)
    disks = read_disks()
    probes = ask_at_once(endpoints, now, at_most=_FAST_TIMEOUT if fast else None)
    verdict = judge(machine, disks, endpoints, probes, settings.health)
    return HealthReport(now, machine, disks, survey(), probes, verdict)


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
    parser.add_argument("--fast", action="store_true", help="short timeouts, and a short look at the CPU")
    fast: bool = parser.parse_args(argv).fast

    report = check_health(context.settings, context.now(), fast=fast)
    for probe in report.probes:
        if probe.ok and probe.latency is not None:
            context.log.info("%s is up, %.0f ms", probe.endpoint, probe.latency * 1000)
    for warning in report.verdict.of(Level.WARNING):
        context.log.warning("%s", warning)
    context.publish(Report(report.to_markdown()))
    try:
        save(report, context.settings)
    except StoreError as error:
        context.log.warning("not stored: %s", error)
    if critical := report.verdict.of(Level.CRITICAL):
        raise StepFailedError("; ".join(critical))
    return report.summary
