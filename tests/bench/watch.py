"""Looks at a tree several times a second from a thread of the bench, whose own cost is not in the tree."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import pstdev
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Self

from tests.bench.tree import Tree

_PAUSE = 0.2  # seconds between two looks at processes and CPU
_WINDOW = 1.0  # seconds over which CPU is averaged, as the system's own monitors do
_SHARE = 0.05  # of the time may be spent on reading memory, for which the kernel walks page tables


@dataclass
class Watch:
    """The looks at a tree while a `with` block lasts."""

    tree: Tree
    looks: list[tuple[float, float, int]] = field(default_factory=list)  # monotonic, CPU seconds, processes
    memory: list[tuple[float, int]] = field(default_factory=list)  # monotonic, bytes
    _stop: Event = field(default_factory=Event)
    _thread: Thread = field(init=False)

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def processes(self, begin: float, end: float) -> int:
        """Return the most processes seen at once between two moments."""
        return max((count for at, _, count in self.looks if begin <= at <= end), default=0)

    def peak_memory(self, begin: float, end: float) -> int:
        """Return the most bytes seen between two moments."""
        return max((size for at, size in self.memory if begin <= at <= end), default=0)

    def cpu(self, begin: float, end: float) -> tuple[float, float]:
        """Return the peak and the standard deviation of CPU between two moments, in % of the machine."""
        whole = int((end - begin) / _WINDOW)
        marks = [begin + number * _WINDOW for number in range(whole + 1)] if whole else [begin, end]
        each = [
            (self._spent(to) - self._spent(since)) / (to - since) / (os.cpu_count() or 1) * 100
            for since, to in pairwise(marks)
        ]
        return max(each), pstdev(each)

    def _spent(self, moment: float) -> float:
        """CPU seconds up to a moment, between two looks by proportion."""
        before, last = 0.0, 0.0
        for at, spent, _ in self.looks:
            if at >= moment:
                share = (moment - before) / (at - before) if before else 1.0
                return last + (spent - last) * share
            before, last = at, spent
        return last

    def _watch(self) -> None:
        due = 0.0  # when memory may be read again
        while True:
            reading = self.tree.read()
            self.looks.append((monotonic(), reading.cpu, len(reading.alive)))
            if (began := monotonic()) >= due:
                self.memory.append((began, self.tree.memory()))
                due = began + (monotonic() - began) / _SHARE
            if self._stop.wait(_PAUSE):
                return
