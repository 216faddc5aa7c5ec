"""Times every endpoint and the machine itself, and keeps the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from tasks.arguments import whole
from tasks.builtin.contract import Context, Parser
from tasks.endpoints.probe import ask_in_turn, endpoints_of
from tasks.machine.benchmark import DiskSpeed, cpu_hashes_per_second, disk_speed
from tasks.measurements import Probe, Sample
from tasks.outcome import StepFailedError
from tasks.settings import Settings
from tasks.store import StoreError, store_of


@dataclass(frozen=True, slots=True)
class EndpointBenchmark:
    """The timed requests to one endpoint."""

    endpoint: str
    probes: tuple[Probe, ...]

    @property
    def latencies(self) -> list[float]:
        """Latencies of the requests that succeeded, in seconds."""
        return [probe.latency for probe in self.probes if probe.ok and probe.latency is not None]

    @property
    def success_rate(self) -> float:
        """The part of the requests that succeeded, 0 to 1."""
        return len(self.latencies) / len(self.probes)

    def __str__(self) -> str:
        rate = f"{self.success_rate:.0%} of {len(self.probes)} requests succeeded"
        if not self.latencies:
            return f"{self.endpoint}: {rate} ({self.probes[-1].error})"
        low, mean, high = (of(self.latencies) * 1000 for of in (min, fmean, max))
        return f"{self.endpoint}: min {low:.1f}, mean {mean:.1f}, max {high:.1f} ms, {rate}"


@dataclass(frozen=True, slots=True)
class BenchmarkReport:
    """All figures of one benchmark. `disk` is None if nothing could be written; `disk_fault` says why."""

    at: datetime
    endpoints: tuple[EndpointBenchmark, ...]
    cpu: float
    disk: DiskSpeed | None
    disk_fault: str = ""

    def samples(self) -> Iterator[Sample]:
        """The machine's figures, for the store."""
        yield Sample(self.at, "cpu_hashes_per_second", self.cpu)
        if self.disk:
            yield from self.disk.samples(self.at)

    @property
    def summary(self) -> str:
        """One line of figures."""
        disk = f"{self.disk.written:.0f} MB/s written" if self.disk else "disk not measured"
        means = [
            f"{each.endpoint} {fmean(each.latencies) * 1000:.1f} ms"
            if each.latencies
            else f"{each.endpoint} down"
            for each in self.endpoints
        ]
        return ", ".join([*means, f"CPU {self.cpu:,.0f} hashes/s", disk])


def benchmark(settings: Settings, now: datetime, *, requests: int, warmup: int) -> BenchmarkReport:
    """Time `requests` requests to each endpoint, one at a time, after `warmup` that do not count.

    Then CPU and disk (`tasks.machine.benchmark` says what that costs). An endpoint that does not answer
    costs its time-out for each request.

    Raises:
        StepFailedError: there is no endpoint in the settings, and PREFECT_API_URL is no address.
    """
    endpoints = tuple(
        EndpointBenchmark(endpoint.name, ask_in_turn(endpoint, now, warmup + requests)[warmup:])
        for endpoint in endpoints_of(settings)
    )
    cpu = cpu_hashes_per_second()
    try:
        return BenchmarkReport(now, endpoints, cpu, disk_speed(settings.outputs_dir))
    except OSError as error:
        return BenchmarkReport(now, endpoints, cpu, None, f"{settings.outputs_dir}: {error.strerror}")


def save(report: BenchmarkReport, settings: Settings) -> None:
    """Put the report's figures into the store.

    Raises:
        StoreError: they could not be kept.
    """
    with store_of(settings) as store:
        store.add_samples(report.samples())
        store.add_probes(probe for each in report.endpoints for probe in each.probes)


def main(argv: Sequence[str], context: Context) -> str:
    """Measure, tell and store. An endpoint that is down is a warning: failing is check_health's part."""
    parser = Parser("save_performance_benchmark", "Times every endpoint and the machine itself.")
    parser.add_argument("--requests", type=whole(1, 1000), default=5, metavar="N", help="timed requests (5)")
    parser.add_argument(
        "--warmup", type=whole(0, 1000), default=1, metavar="N", help="requests before them (1)"
    )
    options = parser.parse_args(argv)

    report = benchmark(context.settings, context.now(), requests=options.requests, warmup=options.warmup)
    for each in report.endpoints:
        (context.log.info if each.success_rate == 1 else context.log.warning)("%s", each)
    if report.disk_fault:
        context.log.warning("the disk could not be measured: %s", report.disk_fault)
    try:
        save(report, context.settings)
    except StoreError as error:
        raise StepFailedError(f"the figures could not be stored: {error}") from error
    return report.summary
