"""What a step costs: the CPU seconds and the peak memory of all processes that belong to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import process_time
from types import TracebackType

import psutil

from tasks.process.ending import with_descendants
from tasks.process.ownership import Ownership
from tasks.process.process_tree import Identity

#: Seconds until the first look, and the longest time between two: each is twice the one before.
_SOON, _LATER = 0.05, 2.0
#: Seconds in which only the script itself is looked at. To find its descendants, all processes of the
#: machine are gone through: 1 to 5 ms with 100 to 400 of them, which many a script does not take itself.
_ALONE = 0.2
#: Seconds between two looks, at most, at a script whose memory is limited. All of it is looked at each time.
_LIMITED = 0.25


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds, and peak resident memory in bytes; None where it could not be measured."""

    cpu_seconds: float | None = None
    peak_memory: int | None = None


UNKNOWN = Cost()


class ScriptMeter:
    """Measures a script, and all processes below it, while the block runs; `cost` is known after it.

    Memory is looked at now and then, from a thread: a peak between two looks is missed, and a script
    that is over before the first has none. It is an upper bound where processes share pages: those of a
    fork count in each. The system itself adds up the CPU seconds, of processes however short. Whatever
    cannot be measured is left out: a meter never harms a step.
    """

    def __init__(
        self, owned: Ownership, limit: int | None = None, on_excess: Callable[[], None] = lambda: None
    ) -> None:
        self._owned = owned
        self._limit, self._on_excess = limit, on_excess
        self._longest = _LATER if limit is None else _LIMITED
        self._counted: float | None = None
        self._subreaper: Identity | None = None
        self._peak = 0
        self._cpu: dict[psutil.Process, float] = {}
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self.cost = UNKNOWN

    def __enter__(self) -> ScriptMeter:
        return self

    def counted(self, cpu_seconds: float | None) -> None:
        """Take what the subreaper has counted, which is more exact."""
        self._counted = cpu_seconds

    def started(self, pid: int, subreaper: Identity | None = None) -> None:
        """Begin to look at the process `pid`, and at all below it, or below its subreaper if it has one."""
        self._subreaper = subreaper
        self._thread = threading.Thread(target=self._watch, args=(pid,), daemon=True)
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()
            counted = self._owned.cpu_seconds() if self._counted is None else self._counted
            cpu = max(counted, sum(self._cpu.values()))
            self.cost = Cost(cpu, self._peak or None)

    def _watch(self, pid: int) -> None:
        pause, age = _SOON, 0.0
        with suppress(psutil.Error):  # it is over already
            leader = psutil.Process(pid)
            while not self._over.wait(pause):
                age += pause
                is_watched = self._limit is not None or age > _ALONE
                tree = self._tree(leader) if is_watched else [leader]
                self._look(tree)
                pause = min(2 * pause, self._longest)

    def _tree(self, leader: psutil.Process) -> list[psutil.Process]:
        reaping = self._subreaper.process() if self._subreaper else None
        return reaping.children(recursive=True) if reaping else with_descendants(leader)

    def _look(self, tree: list[psutil.Process]) -> None:
        memory = 0
        for process in tree:
            with suppress(psutil.Error), process.oneshot():
                memory += process.memory_info().rss
                times = process.cpu_times()
                self._cpu[process] = times.user + times.system
        self._peak = max(self._peak, memory)
        # What they share counts in each, so the sum alone is no proof. To ask for more takes long.
        if self._limit is not None and memory > self._limit and _unshared(tree) > self._limit:
            self._on_excess()


class OwnMeter:
    """Measures this process while the block runs: a built-in step, and what else runs here meanwhile.

    `peak_memory` is the larger one of before and after.
    """

    def __init__(self) -> None:
        self.cost = UNKNOWN

    def __enter__(self) -> OwnMeter:
        self._before = process_time(), _own_memory()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        cpu, memory = self._before
        self.cost = Cost(process_time() - cpu, max(memory, _own_memory()) or None)


def _unshared(tree: list[psutil.Process]) -> int:
    """Return the bytes that processes use together: what they share, once if the system divides it."""
    memory = 0
    for process in tree:
        with suppress(psutil.Error):
            full = process.memory_full_info()
            memory += getattr(full, "pss", full.uss)
    return memory


def _own_memory() -> int:
    try:
        return int(psutil.Process().memory_info().rss)
    except psutil.Error:
        return 0
