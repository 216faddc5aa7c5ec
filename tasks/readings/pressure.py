"""How long something had to wait for a processor, a disk or memory, as the system counts it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_PSI = Path("/proc/pressure")


@dataclass(frozen=True, slots=True)
class Waited:
    """Seconds since the machine started in which something waited; None where the system does not count."""

    cpu: float | None = None
    disk: float | None = None
    memory: float | None = None


def waited(folder: Path = _PSI) -> Waited:
    """Return what Linux' pressure stall information has; elsewhere, how long disks were busy."""
    cpu, disk, memory = (_some(folder / name) for name in ("cpu", "io", "memory"))
    return Waited(cpu, _disks_busy() if disk is None else disk, memory)


def _some(path: Path) -> float | None:
    """Given a file of pressure stall information, return the seconds in which at least one task waited.

    Its first line: "some avg10=0.00 avg60=0.00 avg300=0.00 total=MICROSECONDS"
    (https://docs.kernel.org/accounting/psi.html).
    """
    try:
        first = path.read_bytes().partition(b"\n")[0]
        return int(first.rpartition(b"total=")[2]) / 1e6
    except (OSError, ValueError):
        return None


def _disks_busy() -> float | None:
    """Return how long all disks together have read and written: on Windows, its performance counters."""
    with suppress(OSError, RuntimeError):  # they can be switched off
        if disks := psutil.disk_io_counters(nowrap=False):
            return float(disks.read_time + disks.write_time) / 1000
    return None
