"""Times every endpoint at its own work, and the machine itself, and keeps the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from tasks.builtin.analysis.percentiles import percentile
from tasks.builtin.contract import Context, Parser, Report, whole
from tasks.builtin.endpoints.probe import ProbeAnswer, ask_in_turn, endpoints_of
from tasks.builtin.machine.benchmark import DiskSpeed, cpu_hashes_per_second, disk_speed
from tasks.markdown import table
from tasks.outcome import StepFailedError
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import Sample, tokens_sample
from tasks.store.store import StoreError, store_of

#: An endpoint that fails this often from the start is not asked again: it may cost its timeout each time.
GIVE_UP_AFTER = 2


@dataclass(frozen=True, slots=True)
class EndpointBenchmark:
    """The timed requests to one endpoint; without any if it failed while it was warmed up."""

    endpoint: str
    answers: tuple[ProbeAnswer, ...]

    @property
    def latencies(self) -> list[float]:
        """Latencies of the requests that succeeded, in seconds."""
        probes = [answer.probe for answer in self.answers]
        return [probe.latency for probe in probes if probe.ok and probe.latency is not None]

    @property
    def success_rate(self) -> float:
        """The part of the requests that succeeded, 0 to 1."""
        return len(self.latencies) / len(self.answers)

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens of all its answers by the seconds they took; None if it does not count them."""
        timed = [(a.tokens, a.probe.latency) for a in self.answers if a.tokens and a.probe.latency]
        return sum(tokens for tokens, _ in timed) / sum(seconds for _, seconds in timed) if timed else None

    @property
    def figures(self) -> dict[str, str]:
        """The figures to report, by name, as text: of few values the high percentiles mean little."""
        figures = {"succeeded": f"{self.success_rate:.0%} of {len(self.answers)}"}
        if not self.latencies:
            return figures | {"error": self.answers[-1].probe.error}
        milliseconds = [latency * 1000 for latency in self.latencies]
        figures |= {"mean": f"{fmean(milliseconds):.1f} ms"}
        figures |= {
            name: f"{percentile(milliseconds, part):.1f} ms"
            for name, part in (("P50", 0.5), ("P95", 0.95), ("P99", 0.99))
        }
        if self.tokens_per_second:
            figures |= {"tokens": f"{self.tokens_per_second:.1f} a second"}
        return figures

    def __str__(self) -> str:
        return f"{self.endpoint}: " + ", ".join(f"{name} {text}" for name, text in self.figures.items())


@dataclass(frozen=True, slots=True)
class BenchmarkReport:
    """All figures of one benchmark. `disk` is None if nothing could be written; `disk_fault` says why."""

    at: datetime
    endpoints: tuple[EndpointBenchmark, ...]
    cpu: float
    disk: DiskSpeed | None
    disk_fault: str = ""

    def samples(self) -> Iterator[Sample]:
        """The figures that are no latencies, for the store."""
        yield Sample(self.at, "cpu_hashes_per_second", self.cpu)
        if self.disk:
            yield from self.disk.samples(self.at)
        for each in self.endpoints:
            if each.tokens_per_second:
                yield Sample(self.at, tokens_sample(each.endpoint), each.tokens_per_second)

    @property
    def summary(self) -> str:
        """One line of figures."""
        means = [
            f"{each.endpoint} {fmean(each.latencies) * 1000:.1f} ms"
            if each.latencies
            else f"{each.endpoint} down"
            for each in self.endpoints
        ]
        return ", ".join([*means, *self._machine()])

    def to_markdown(self) -> str:
        """The report as a section of its group's."""
        names = ("succeeded", "mean", "P50", "P95", "P99", "tokens", "error")
        rows = [(each.endpoint, *(each.figures.get(name, "") for name in names)) for each in self.endpoints]
        endpoints = [table(("endpoint", *names), rows)] if rows else []
        return "\n\n".join(["## Performance", *endpoints, "Machine: " + ", ".join(self._machine()) + "."])

    def _machine(self) -> list[str]:
        disk = f"{self.disk.written:.0f} MB/s written" if self.disk else "disk not measured"
        return [f"CPU {self.cpu:,.0f} hashes/s", disk]


def benchmark(settings: Settings, now: datetime, *, requests: int, warmup: int) -> BenchmarkReport:
    """Time `requests` requests to each endpoint, one at a time, after `warmup` that do not count.

    Then CPU and disk (`tasks.builtin.machine.benchmark` has the cost). An endpoint that is down costs
    its timeout `GIVE_UP_AFTER` times.

    Raises:
        StepFailedError: there is no endpoint in the settings, and PREFECT_API_URL is not an address.
    """
    endpoints = []
    for endpoint in endpoints_of(settings):
        answers = ask_in_turn(endpoint, now, warmup + requests, give_up_after=GIVE_UP_AFTER)
        endpoints.append(EndpointBenchmark(endpoint.name, answers[warmup:] or answers))
    cpu = cpu_hashes_per_second()
    try:
        return BenchmarkReport(now, tuple(endpoints), cpu, disk_speed(settings.outputs_dir))
    except OSError as error:
        return BenchmarkReport(now, tuple(endpoints), cpu, None, f"{settings.outputs_dir}: {error.strerror}")


def save(report: BenchmarkReport, settings: Settings) -> None:
    """Put the report's figures into the store.

    Raises:
        StoreError: they could not be kept.
    """
    with store_of(settings) as store:
        store.add_samples(report.samples())
        store.add_probes(answer.probe for each in report.endpoints for answer in each.answers)


def main(argv: Sequence[str], context: Context) -> str:
    """Measure, report and store. An endpoint that is down is a warning: failing is check_health's part."""
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
    context.publish(Report(report.to_markdown()))
    try:
        save(report, context.settings)
    except StoreError as error:
        raise StepFailedError(f"the figures could not be stored: {error}") from error
    return report.summary
