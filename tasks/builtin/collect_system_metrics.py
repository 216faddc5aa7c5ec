"""Writes down how the machine is doing, and forgets what is older than 90 days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from humanize import naturalsize

from tasks.builtin.contract import Context, Parser
from tasks.machine.disks import read_disks
from tasks.machine.processes import count_samples, survey
from tasks.machine.vitals import network_samples, read_machine
from tasks.measurements import CPU, MEMORY, PYTHON_PROCESSES, Sample
from tasks.outcome import StepFailedError
from tasks.settings import Settings
from tasks.store import StoreError, store_of

#: How long measurements are kept.
KEEP = timedelta(days=90)
#: Name of the sample that holds the resident memory of all Python processes together, in bytes.
PYTHON_MEMORY = "python_rss_bytes"

_CPU_INTERVAL = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Metrics:
    """One collection: its samples, and a sentence for each disk that could not be read."""

    samples: tuple[Sample, ...]
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


def collect(now: datetime) -> Metrics:
    """Read everything that is worth a curve; takes a little more than the second the CPU is watched for."""
    disks, processes = read_disks(), survey()
    python_memory = sum(process.rss or 0 for process in processes if process.is_python)
    samples = (
        *read_machine(_CPU_INTERVAL).samples(now),
        *disks.samples(now),
        *network_samples(now),
        *count_samples(processes, now),
        Sample(now, PYTHON_MEMORY, python_memory),
    )
    return Metrics(samples, disks.unreadable)


def save(metrics: Metrics, settings: Settings, now: datetime) -> int:
    """Put the samples into the store, delete what is older than `KEEP`, and return how many rows that was.

    Raises:
        StoreError: they could not be kept.
    """
    with store_of(settings) as store:
        store.add_samples(metrics.samples)
        return store.prune(now - KEEP)


def main(argv: Sequence[str], context: Context) -> str:
    """Collect and store."""
    Parser("collect_system_metrics", "Writes down how the machine is doing.").parse_args(argv)
    now = context.now()
    metrics = collect(now)
    for sentence in metrics.unreadable:
        context.log.warning("%s", sentence)
    try:
        forgotten = save(metrics, context.settings, now)
    except StoreError as error:
        raise StepFailedError(f"the figures could not be stored: {error}") from error
    if forgotten:
        context.log.info("%s measurements older than %s days deleted", f"{forgotten:,}", KEEP.days)
    return metrics.summary
