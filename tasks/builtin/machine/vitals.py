"""How the machine is doing: CPU, memory, swap, load and network, read through psutil."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

import psutil

from tasks.readings.meter import METER
from tasks.store.measurements import CPU, LOAD, MEMORY, SWAP, Sample

#: Counters since the machine started, and the samples that hold how fast each grows, in bytes a second.
RATES = {
    "network_bytes_sent": "network_sent_bytes_per_second",
    "network_bytes_received": "network_received_bytes_per_second",
    "disk_bytes_written": "disk_written_bytes_per_second",
    "disk_bytes_read": "disk_read_bytes_per_second",
}


@dataclass(frozen=True, slots=True)
class MachineReading:
    """One reading. Percentages are 0 to 100, sizes in bytes.

    `cpu_percent` is the mean of all cores over the interval that was asked for, `cores` are the single
    ones. `swap_percent` and `load` (processes that want to run, mean of a minute) are None where the
    system does not report it.
    """

    cpu_percent: float
    memory_percent: float
    memory_available: int
    swap_percent: float | None
    load: float | None
    cores: tuple[float, ...] = ()

    def samples(self, at: datetime) -> Iterator[Sample]:
        """The reading as samples, for the store."""
        yield Sample(at, CPU, self.cpu_percent)
        yield Sample(at, MEMORY, self.memory_percent)
        if self.swap_percent is not None:
            yield Sample(at, SWAP, self.swap_percent)
        if self.load is not None:
            yield Sample(at, LOAD, self.load)

    def core_samples(self, at: datetime) -> Iterator[Sample]:
        """The single cores as samples."""
        for number, percent in enumerate(self.cores):
            yield Sample(at, f"{CPU} core {number}", percent)


def read_machine(interval: float) -> MachineReading:
    """Read the machine.

    The CPU's use is that since the last sample of `rhythm up`, of the last minute; where there is none, it is
    watched for `interval` seconds.
    """
    memory = psutil.virtual_memory()
    cores = METER.cores() or tuple(psutil.cpu_percent(interval, percpu=True))
    return MachineReading(
        cpu_percent=fmean(cores),
        memory_percent=memory.percent,
        memory_available=memory.available,
        swap_percent=_swap_percent(),
        load=_load(),
        cores=cores,
    )


def counters(at: datetime) -> Iterator[Sample]:
    """Yield what all interfaces and disks have moved since the machine started, as far as it is known."""
    if network := psutil.net_io_counters():
        yield Sample(at, "network_bytes_sent", network.bytes_sent)
        yield Sample(at, "network_bytes_received", network.bytes_recv)
    if disks := psutil.disk_io_counters():
        yield Sample(at, "disk_bytes_written", disks.write_bytes)
        yield Sample(at, "disk_bytes_read", disks.read_bytes)


def rates(now: Iterable[Sample], before: Mapping[str, Sample]) -> Iterator[Sample]:
    """Given counters and the last ones, by name, yield how fast each has grown.

    None for one that was not there before, or has begun anew because the machine was started.
    """
    for sample in now:
        last = before.get(sample.name)
        if last and sample.at > last.at and sample.value >= last.value:
            seconds = (sample.at - last.at).total_seconds()
            yield Sample(sample.at, RATES[sample.name], (sample.value - last.value) / seconds)


def _swap_percent() -> float | None:
    try:
        return psutil.swap_memory().percent
    except (OSError, RuntimeError):  # Windows with its performance counters switched off
        return None


def _load() -> float | None:
    """Return the load average; psutil's imitation for Windows starts at 0 in every process: None there."""
    if sys.platform == "win32":
        return None
    return os.getloadavg()[0]
