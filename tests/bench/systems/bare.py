"""A plain loop: the least that running 42 scripts one after another can cost."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from time import monotonic

from tests.bench.system import Place

_LOOP = "import subprocess, sys\nfor path in sys.argv[1:]: subprocess.run([sys.executable, path])"


@dataclass
class Bare:
    """A loop of subprocess.run in a process of its own."""

    place: Place
    period: float | None = None

    def prepare(self) -> None:
        self.place.workload.write()

    def start(self) -> float:
        due = monotonic()
        self.place.start([sys.executable, "-c", _LOOP, *map(str, self.place.workload.paths)])
        return due

    def is_over(self) -> bool:
        return False

    def beat(self) -> float | None:
        return None
