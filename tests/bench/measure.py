"""One measurement of one system: prepared, left to come to rest, given its work, watched, and ended."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from tests.bench.system import Place, System
from tests.bench.tree import Tree
from tests.bench.watch import Watch
from tests.bench.workload import SCRIPTS, Workload
from tests.end_to_end.workspace import PROJECT

#: Seconds from the last script's end to the last reading of CPU, for every system: servers write what
#: happened in batches, Prefect's events after up to ten seconds.
SETTLE = 12.0
#: Seconds after which a script that has not ended counts as lost.
LOST = 900.0
_ASK = 10.0  # seconds between two questions whether more will come
_LOOK = 0.1
_REST, _QUIET, _PATIENCE = 3.0, 0.05, 90.0  # at rest: seconds with less of a core; and how long that may take
_MEBIBYTE = 2**20

Make = Callable[[Place], System]


@dataclass(frozen=True)
class Idle:
    """What staying resident costs: processes, MB (2^20 bytes), seconds of CPU a minute."""

    processes: int
    memory: float
    cpu: float


@dataclass(frozen=True)
class Run:
    """What the 42 scripts took, from when they were due to the last one's end.

    Seconds of wall and CPU, the latter until `SETTLE` seconds later; processes at once; % of the machine;
    MB (2^20 bytes). `beat` is the wall by the system's own record, if it has one.
    """

    ran: int
    wall: float
    beat: float | None
    cpu: float
    processes: int
    peak: float
    deviation: float
    memory: float
    idle: Idle | None


def measure(make: Make, folder: Path, database: Path, idle: float | None) -> Run:
    """Measure a system in a new folder; `idle` seconds of idling at least, if any.

    Raises:
        LeftOutError: it cannot be measured here.
    """
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as name, Tree() as tree:
        place = Place(Path(name), Workload(Path(name)), tree, database)
        system = make(place)
        system.prepare()
        _come_to_rest(tree)
        with Watch(tree) as watch:
            before = tree.read().cpu
            due = system.start()
            _wait(system, place.workload, due)
            sleep(SETTLE)
            spent = tree.read().cpu - before
        ended = place.workload.ended()
        end = max(ended.values(), default=due)
        peak, deviation = watch.cpu(due, end)
        return Run(
            ran=len(ended),
            wall=end - due,
            beat=system.beat(),
            cpu=spent,
            processes=watch.processes(due, end),
            peak=peak,
            deviation=deviation,
            memory=watch.peak_memory(due, end) / _MEBIBYTE,
            idle=_idle(tree, max(idle, system.period)) if idle and system.period else None,
        )


def new_database(folder: Path) -> Path:
    """Return a new database of Prefect's with all its tables."""
    home = folder / "template"
    subprocess.run(
        [sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"],
        cwd=PROJECT,
        env=Place(folder, Workload(folder), Tree(), home).env | {"PREFECT_HOME": str(home)},
        check=True,
        capture_output=True,
    )
    return home / "prefect.db"


def _wait(system: System, work: Workload, due: float) -> None:
    """Wait until all have ended, or those that have not never will."""
    ask = due + _ASK
    while len(work.ended()) < SCRIPTS and monotonic() < due + LOST:
        if monotonic() > ask:
            if system.is_over():
                sleep(_LOOK)
                return
            ask = monotonic() + _ASK
        sleep(_LOOK)


def _come_to_rest(tree: Tree) -> None:
    deadline = monotonic() + _PATIENCE
    while monotonic() < deadline:
        before = tree.read().cpu
        sleep(_REST)
        if tree.read().cpu - before < _QUIET * _REST:
            return


def _idle(tree: Tree, seconds: float) -> Idle:
    before, began = tree.read().cpu, monotonic()
    sleep(seconds)
    after, took = tree.read(), monotonic() - began
    return Idle(len(after.alive), tree.memory() / _MEBIBYTE, (after.cpu - before) / took * 60)
