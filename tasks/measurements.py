"""What is measured: a number of the machine, and one request to an endpoint."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Sample:
    """A number, measured `at` (aware); `name` says what, and in which unit: `cpu_percent`.

    Raises:
        ValueError: for a naive time, or a value that is no finite number.
    """

    at: datetime
    name: str
    value: float

    def __post_init__(self) -> None:
        _require_aware(self.at)
        if not math.isfinite(self.value):
            raise ValueError(f"{self.name} is {self.value}, which is no measurement")


@dataclass(frozen=True, slots=True)
class Probe:
    """One request to an endpoint, made `at` (aware).

    `latency` is in seconds, from opening a connection to the answer's last byte; None if there was no
    complete answer. `error` is empty if `ok`.

    Raises:
        ValueError: for a naive time.
    """

    endpoint: str
    at: datetime
    ok: bool
    latency: float | None
    error: str = ""

    def __post_init__(self) -> None:
        _require_aware(self.at)


def _require_aware(at: datetime) -> None:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")


#: Names of the samples that more than one step writes or reads.
CPU = "cpu_percent"
MEMORY = "memory_percent"
SWAP = "swap_percent"
LOAD = "load_1m"
PROCESSES = "processes"
PYTHON_PROCESSES = "python_processes"


def disk_sample(mount: str) -> str:
    """Return the name of the sample that holds how full the disk at `mount` is, in percent."""
    return f"disk_percent {mount}"
