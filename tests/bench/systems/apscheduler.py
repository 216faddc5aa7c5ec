"""APScheduler with one worker thread, so that its 42 jobs run one after another."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import monotonic

from tests.bench import NOT_INSTALLED
from tests.bench.system import LeftOutError, Place
from tests.waiting import eventually

_PROGRAM = Path(__file__).parents[1] / "programs" / "apscheduler_daemon.py"


@dataclass
class APScheduler:
    """A program of the kind that its users write; a signal makes all jobs due."""

    place: Place
    period: float | None = 60.0

    def prepare(self) -> None:
        if find_spec("apscheduler") is None:
            raise LeftOutError(NOT_INSTALLED)
        self.place.workload.write()
        self._ready = self.place.folder / "ready"
        self.place.start(
            [sys.executable, str(_PROGRAM), str(self._ready), *map(str, self.place.workload.paths)]
        )
        eventually(self._ready.exists, "APScheduler")

    def start(self) -> float:
        (program,) = self.place.tree.programs()
        due = monotonic()
        os.kill(program, signal.SIGUSR1)
        return due

    def is_over(self) -> bool:
        return False

    def beat(self) -> float | None:
        return None
