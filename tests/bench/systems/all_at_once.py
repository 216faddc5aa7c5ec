"""All 42 started in the same second, as Task Scheduler and cron do when all are due."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from time import monotonic

from tests.bench.system import Place

_START = """import subprocess, sys
started = [subprocess.Popen([sys.executable, path]) for path in sys.argv[1:]]
for process in started: process.wait()
"""


@dataclass
class AllAtOnce:
    """As `Bare`, without waiting for one before the next is started."""

    place: Place
    period: float | None = None

    def prepare(self) -> None:
        self.place.workload.write()

    def start(self) -> float:
        due = monotonic()
        self.place.start([sys.executable, "-c", _START, *map(str, self.place.workload.paths)])
        return due

    def is_over(self) -> bool:
        return False

    def beat(self) -> float | None:
        return None
