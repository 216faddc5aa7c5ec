"""Writes down how the machine, its services and Prefect itself are doing, and forgets what is too old."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from humanize import naturalsize

from tasks.builtin.contract import Context, Parser, Report
from tasks.builtin.endpoints.probe import ask_at_once, endpoints_of
from tasks.builtin.machine.disks import read_disks
from tasks.builtin.machine.load import loads
from tasks.builtin.machine.load import samples as load_samples
from tasks.builtin.machine.prefect_cost import prefect_samples
from tasks.builtin.machine.processes import count_samples, survey
from tasks.builtin.machine.vitals import RATES, counters, rates, read_machine
from tasks.markdown import escaped, table
from tasks.outcome import StepFailedError
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import CPU, MEMORY, PYTHON_PROCESSES, Probe, Sample
from tasks.store.store import Store, StoreError, store_of

#: Name of the sample that holds the resident memory of all Python processes together, in bytes.
PYTHON_MEMORY = "python_rss_bytes"
#: How many processes are kept one by one, those with most memory: for `diagnose_performance`.
HEAVIEST = 15

_CPU_INTERVAL = 1.0  # seconds
_PATIENCE = 2.0  # seconds an endpoint is waited for
_LOOK_BACK = timedelta(days=1)  # for the counter that a rate starts from


@dataclass(frozen=True, slots=True)
class Metrics:
    """One collection: its samples and probes, and a sentence for each disk that could not be read."""

    samples: tuple[Sample, ...]
    probes: tuple[Probe, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One line of figures."""
        value = {sample.name: sample.value for sample in self.samples}
        memory = naturalsize(value[PYTHON_MEMORY], binary=True)
        return (
            f"CPU {value[CPU]:.0f} %, memory {value[MEMORY]:.0f} %, "
            f"{value[PYTHON_PROCESSES]:.0f} Python processes with {memory}, {len(self.samples)} figures kept"
        )

    def to_markdown(self) -> str:
        """The report as a section of its group's: all figures but those of single processes."""
        rows = [
            (sample.name, _shown(sample)) for sample in self.samples if not sample.name.startswith("process_")
        ]
        return "\n\n".join(["## Metrics", escaped(self.summary), table(("figure", "value"), rows)])


def collect(settings: Settings, now: datetime) -> Metrics:
    """Read everything that is worth a curve; the CPU is watched for a second if `rhythm up` has not done so.

    Raises:
        StepFailedError: there is no endpoint in the settings, and PREFECT_API_URL is not an address.
    """
    machine = read_machine(_CPU_INTERVAL)
    disks, processes = read_disks(), survey()
    heaviest = sorted(loads(), key=lambda load: load.memory, reverse=True)[:HEAVIEST]
    samples = (
        *machine.samples(now),
        *machine.core_samples(now),
        *disks.samples(now),
        *counters(now),
        *count_samples(processes, now),
        Sample(now, PYTHON_MEMORY, sum(process.rss or 0 for process in processes if process.is_python)),
        *prefect_samples(now),
        *load_samples(heaviest, now),
    )
    return Metrics(samples, ask_at_once(endpoints_of(settings), now, at_most=_PATIENCE), disks.unreadable)


def with_rates(metrics: Metrics, store: Store, now: datetime) -> Metrics:
    """Return the metrics, and how fast counters have grown since their last sample in the store.

    Raises:
        StoreError: it cannot be read.
    """
    counted = [sample for sample in metrics.samples if sample.name in RATES]
    last = {name: found[-1] for name in RATES if (found := store.samples(name, now - _LOOK_BACK))}
    return Metrics((*metrics.samples, *rates(counted, last)), metrics.probes, metrics.unreadable)


def main(argv: Sequence[str], context: Context) -> str:
    """Collect, store, and delete what is older than `retention`."""
    Parser("collect_system_metrics", "Writes down how the machine is doing.").parse_args(argv)
    now, keep = context.now(), context.settings.retention
    metrics = collect(context.settings, now)
    for sentence in metrics.unreadable:
        context.log.warning("%s", sentence)
    try:
        with store_of(context.settings) as store:
            metrics = with_rates(metrics, store, now)
            store.add_samples(metrics.samples)
            store.add_probes(metrics.probes)
            forgotten = store.prune(now - keep)
    except StoreError as error:
        raise StepFailedError(f"the figures could not be stored: {error}") from error
    if forgotten:
        context.log.info("%s measurements older than %s days deleted", f"{forgotten:,}", keep.days)
    context.publish(Report(metrics.to_markdown()))
    return metrics.summary


def _shown(sample: Sample) -> str:
    if "bytes" in sample.name:
        return naturalsize(sample.value, binary=True) + ("/s" if sample.name.endswith("per_second") else "")
    return f"{sample.value:,.1f}".removesuffix(".0")
