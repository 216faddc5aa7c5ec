"""Reads how much of the machine is in use: from two looks at what the system has counted so far."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import psutil

from tasks.readings.own_use import OwnUse, own_roots, own_use
from tasks.readings.pressure import Waited, waited
from tasks.store.measurements import Reading

#: Seconds that a beat watches the machine for, if something is decided by that: the study of what pays has
#: 2 to 5, and each holds up what is due.
WATCHED = 2.5
#: Between two looks, at least, in seconds: the system counts CPU time in hundredths.
_LEAST = 2.0
#: Interfaces that lead nowhere but to this machine.
_LOOPBACK = ("lo", "loopback")


class Core(NamedTuple):
    """CPU seconds of a core: those in which it was at work, and all."""

    busy: float
    total: float


@dataclass(frozen=True, slots=True)
class Look:
    """What the system has counted up to a time on a clock that nobody sets, in seconds.

    `cores` are the CPU seconds of each; `own` those of Rhythm, which is below the processes `roots`; `moved`
    are the bytes that came and went. None where the system does not count.
    """

    at: float
    cores: tuple[Core, ...]
    own: float | None
    roots: tuple[int, ...]
    waited: Waited
    moved: int | None

    @property
    def all_cores(self) -> Core:
        """The CPU seconds of all cores together."""
        return Core(sum(core.busy for core in self.cores), sum(core.total for core in self.cores))


def between(
    first: Look | None, last: Look, at: datetime, memory_available: int | None, *, of_beat: bool
) -> Reading:
    """Return how much was in use between two looks; without the first, only what can be known by one. Pure.

    What Rhythm itself uses is no load of others: a group that waited for it would wait for itself.
    """
    if first is None or last.at <= first.at:
        return Reading(at, memory_available=memory_available, of_beat=of_beat)
    seconds = last.at - first.at
    others = own = None
    total = last.all_cores.total - first.all_cores.total
    if total > 0 and first.own is not None and last.own is not None and first.roots == last.roots:
        busy = min(max(0.0, last.all_cores.busy - first.all_cores.busy), total)
        mine = min(max(0.0, last.own - first.own), busy)
        own, others = _percent(mine, total), _percent(busy - mine, total)

    def pressure(before: float | None, after: float | None) -> float | None:
        return None if before is None or after is None else _percent(after - before, seconds)

    was, has = first.waited, last.waited
    return Reading(
        at,
        others,
        own,
        memory_available,
        pressure(was.cpu, has.cpu),
        pressure(was.disk, has.disk),
        pressure(was.memory, has.memory),
        _rate(first.moved, last.moved, seconds),
        of_beat,
    )


class Meter:
    """Looks at the machine, and remembers when it did. Threads may share it."""

    def __init__(
        self,
        use: OwnUse | None = None,
        roots: Callable[[Path], tuple[int, ...]] = own_roots,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._use = use or own_use()
        self._roots, self._now = roots, now
        self._looks: deque[Look] = deque(maxlen=2)
        self._lock = threading.Lock()

    def look(self, outputs_dir: Path) -> Look:
        """Look at what the system has counted so far; takes about a millisecond."""
        roots = self._roots(outputs_dir)
        cores = _cores()
        with self._lock:
            own = self._use.cpu_seconds(roots)
        return Look(self._now(), cores, own, roots, waited(), _moved())

    def sample(self, outputs_dir: Path, at: datetime) -> Reading:
        """Return how much was in use since the last sample; the next one begins here."""
        last = self.look(outputs_dir)
        first = self._looks[-1] if self._looks else None
        self._looks.append(last)
        return between(first, last, at, available_memory(), of_beat=False)

    def since_sample(self, outputs_dir: Path, at: datetime) -> Reading:
        """Return how much was in use since the last sample that is not of just now; waits for nothing."""
        last = self.look(outputs_dir)
        known = [look for look in self._looks if last.at - look.at >= _LEAST]
        return between(known[-1] if known else None, last, at, available_memory(), of_beat=True)

    def cores(self) -> tuple[float, ...]:
        """Return the use of each core since the last sample that is not of just now, in per cent.

        Without such a sample, that is nothing; so it is if the number of cores has changed.
        """
        now, last = self._now(), _cores()
        known = [look for look in self._looks if now - look.at >= _LEAST]
        if not known or len(known[-1].cores) != len(last):
            return ()
        pairs = zip(known[-1].cores, last, strict=True)
        return tuple(
            _percent(after.busy - before.busy, after.total - before.total or 1.0) for before, after in pairs
        )

    def since(self, first: Look, outputs_dir: Path, at: datetime) -> Reading:
        """Return how much was in use since a look."""
        return between(first, self.look(outputs_dir), at, available_memory(), of_beat=True)


#: The one of this process.
METER = Meter()
#: What psutil counts as work besides user's and system's, where a system has it. A guest's is in user's.
_BUSY = ("nice", "irq", "softirq", "steal")


#: What psutil raises where a system does not report something, or not to everybody.
_UNKNOWN = (OSError, RuntimeError, psutil.Error)


def available_memory() -> int | None:
    """Return how many bytes programs can still have; None if that is not known."""
    try:
        return int(psutil.virtual_memory().available)
    except _UNKNOWN:
        return None


def _cores() -> tuple[Core, ...]:
    """Return the CPU seconds of each core; none if they are not known."""
    found: list[Core] = []
    try:
        cores = psutil.cpu_times(percpu=True)
    except _UNKNOWN:
        return ()
    for times in cores:
        busy = times.user + times.system + sum(getattr(times, name, 0.0) for name in _BUSY)
        found.append(Core(busy, busy + times.idle + getattr(times, "iowait", 0.0)))
    return tuple(found)


def _moved() -> int | None:
    """Return the bytes that all interfaces but the loopback have sent and received; None if not known."""
    try:
        found = psutil.net_io_counters(pernic=True, nowrap=False)
    except _UNKNOWN:
        return None
    outward = [moved for name, moved in found.items() if not name.lower().startswith(_LOOPBACK)]
    return sum(each.bytes_sent + each.bytes_recv for each in outward) if outward else None


def _percent(part: float, whole: float) -> float:
    return min(max(100 * part / whole, 0.0), 100.0)


def _rate(before: int | None, after: int | None, seconds: float) -> float | None:
    """Return how fast a counter has grown; None if it has begun anew."""
    if before is None or after is None or after < before:
        return None
    return (after - before) / seconds
