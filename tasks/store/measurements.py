"""What is measured and kept: figures of the machine, answers of endpoints, what steps cost, decisions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from tasks.outcome import Outcome


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
            raise ValueError(f"{self.name} is {self.value}, which is not a measurement")


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


@dataclass(frozen=True, slots=True)
class Transition:
    """A circuit breaker that changed, `at` (aware): closed, open or half_open, and why.

    `reset` is how long it stays open before it is tried again, in seconds; 0 unless it opened.
    """

    endpoint: str
    at: datetime
    before: str
    after: str
    reason: str
    reset: float = 0.0

    def __post_init__(self) -> None:
        _require_aware(self.at)


@dataclass(frozen=True, slots=True)
class StepUsage:
    """What one attempt at a step cost; `at` (aware) is when it began.

    `cpu_seconds` and `peak_memory` (bytes, resident) are those of the step's whole process tree; None
    where they could not be measured. `fault` is why it failed, or what it warns of; else empty.
    """

    at: datetime
    group: str
    step: str
    attempt: int
    outcome: Outcome
    seconds: float
    cpu_seconds: float | None
    peak_memory: int | None
    fault: str = ""

    @property
    def has_warning(self) -> bool:
        """Whether it is completed, though not all was well."""
        return self.outcome is Outcome.COMPLETED and bool(self.fault)

    def __post_init__(self) -> None:
        _require_aware(self.at)


@dataclass(frozen=True, slots=True)
class GroupEvent:
    """One thing that happened to a group: it ran, or a beat decided against running it.

    `decision` is `run`, or why not (`not_due`, `waits`, `deferred`, `busy`, …); `reason` is text for
    people; `outcome` and `seconds` are None unless it ran and ended; `run_id` is its run's in Prefect.
    `fault` is which steps failed or warn, and why; else empty.
    """

    at: datetime
    group: str
    decision: str
    reason: str = ""
    outcome: Outcome | None = None
    seconds: float | None = None
    run_id: str | None = None
    fault: str = ""

    @property
    def has_warning(self) -> bool:
        """Whether it ran and is completed, though not all was well."""
        return self.outcome is Outcome.COMPLETED and bool(self.fault)

    def __post_init__(self) -> None:
        _require_aware(self.at)


@dataclass(frozen=True, slots=True)
class BeatRecord:
    """A beat that decided `at` (aware), and then ran things for `seconds`, if anything was due.

    `note` is what people had asked for and what was in its way, as flows.beat_note writes it; as a rule None.
    """

    at: datetime
    seconds: float
    note: str | None = None

    def __post_init__(self) -> None:
        _require_aware(self.at)


@dataclass(frozen=True, slots=True)
class Reading:
    """How much of the machine is in use, `at` (aware): by Rhythm with all its scripts, and by others.

    `others` and `own` are in per cent of the CPU, all cores together; `memory_available` is in bytes. The
    pressures are the share of the time, in per cent, in which something had to wait for a processor, a disk
    or memory; `network` is in bytes a second, both ways together. None where the system does not report it.

    `of_beat`: a beat has measured it, for seconds if something was to be decided by it; else the daemon has,
    over the minute before.

    Raises:
        ValueError: for a naive time, or a figure that is no finite number.
    """

    at: datetime
    others: float | None = None
    own: float | None = None
    memory_available: int | None = None
    cpu_pressure: float | None = None
    disk_pressure: float | None = None
    memory_pressure: float | None = None
    network: float | None = None
    of_beat: bool = False

    def __post_init__(self) -> None:
        _require_aware(self.at)
        pressures = self.cpu_pressure, self.disk_pressure, self.memory_pressure
        for value in (self.others, self.own, *pressures, self.network):
            if value is not None and not math.isfinite(value):
                raise ValueError(f"a reading has {value}, which is not a measurement")


@dataclass(frozen=True, slots=True)
class Bucket:
    """All values of one name within one stretch of time, which begins `at`."""

    name: str
    at: datetime
    count: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ProbeBucket:
    """All probes of one endpoint within one stretch of time, which begins `at`.

    Latencies in seconds, of those that succeeded; None without any.
    """

    endpoint: str
    at: datetime
    asked: int
    ok: int
    mean: float | None
    high: float | None


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


#: Figures of readings: in per cent of the CPU, and in bytes.
OTHERS = "others"
OWN = "own"
AVAILABLE = "memory_available"


def disk_sample(mount: str) -> str:
    """Return the name of the sample that holds how full the disk at `mount` is, in percent."""
    return f"disk_percent {mount}"


def tokens_sample(endpoint: str) -> str:
    """Return the name of the sample that holds how fast an endpoint writes, in tokens a second."""
    return f"tokens_per_second {endpoint}"
