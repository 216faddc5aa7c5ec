"""How the machine is doing: CPU, memory, swap, load and network, read through psutil."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import psutil

from tasks.measurements import CPU, LOAD, MEMORY, SWAP, Sample


@dataclass(frozen=True, slots=True)
class MachineReading:
    """One reading. Percentages are 0 to 100, sizes in bytes.

    `cpu_percent` is the mean of all cores over the interval that was asked for. `swap_percent` and
    `load` (processes that want to run, mean of a minute) are None where the system does not tell.
    """

    cpu_percent: float
    memory_percent: float
    memory_available: int
    swap_percent: float | None
    load: float | None

    def samples(self, at: datetime) -> Iterator[Sample]:
        """The reading as samples, for the store."""
        yield Sample(at, CPU, self.cpu_percent)
        yield Sample(at, MEMORY, self.memory_percent)
        if self.swap_percent is not None:
            yield Sample(at, SWAP, self.swap_percent)
        if self.load is not None:
            yield Sample(at, LOAD, self.load)


def read_machine(interval: float) -> MachineReading:
    """Read the machine; takes `interval` seconds, over which the CPU is watched."""
    memory = psutil.virtual_memory()
    return MachineReading(
        cpu_percent=psutil.cpu_percent(interval),
        memory_percent=memory.percent,
        memory_available=memory.available,
        swap_percent=_swap_percent(),
        load=_load(),
    )


def network_samples(at: datetime) -> Iterator[Sample]:
    """Yield the bytes sent and received by all interfaces since the machine started, if it has any."""
    if counters := psutil.net_io_counters():
        yield Sample(at, "network_bytes_sent", counters.bytes_sent)
        yield Sample(at, "network_bytes_received", counters.bytes_recv)


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
