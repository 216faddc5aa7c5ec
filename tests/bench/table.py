"""The published table: every way to run 42 scripts that are due at once, beside a bare loop."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from math import nan
from pathlib import Path
from statistics import median

import httpx

from tests.bench.measure import Make, Run, measure, new_database
from tests.bench.progress import heading, tell
from tests.bench.system import LeftOutError
from tests.bench.systems.all_at_once import AllAtOnce
from tests.bench.systems.apscheduler import APScheduler
from tests.bench.systems.bare import Bare
from tests.bench.systems.cronstable import Cronstable
from tests.bench.systems.debian_cron import DebianCron
from tests.bench.systems.prefect import Prefect
from tests.bench.systems.rhythm import Rhythm
from tests.bench.workload import ASLEEP, BUSY, SCRIPTS

_BARE = "bare"
_IDLE = 60.0  # seconds at least

SYSTEMS: Mapping[str, tuple[str, Make]] = {
    _BARE: ("a bare loop of subprocess.run", Bare),
    "all-at-once": ("all at once, as Task Scheduler starts them", AllAtOnce),
    "cron": ("Debian's cron", DebianCron),
    "apscheduler": ("APScheduler, one worker thread", APScheduler),
    "cronstable": ("cronstable, a DAG of five groups, one at a time", Cronstable),
    "prefect": ("Prefect, 42 deployments, process worker", Prefect),
    "prefect-tasks": (
        "Prefect, one flow of 42 tasks, process worker",
        lambda place: Prefect(place, one_flow=True),
    ),
    "rhythm": ("**`rhythm up`**", Rhythm),
    "rhythm-isolated": ("`rhythm up --isolated`", lambda place: Rhythm(place, ["--isolated"])),
}
_COLUMNS = (
    "system",
    "ran",
    "wall, s (× bare)",
    "CPU, s (× bare)",
    "processes",
    "CPU peak / σ, %",
    "memory, MB",
    "idle: processes",
    "MB",
    "CPU-s/min",
)


def run(repeats: int, quick: bool, only: Sequence[str]) -> None:
    """Measure and print; `quick` leaves out what idling costs."""
    if sys.platform != "linux":
        raise SystemExit("Linux only: elsewhere, the CPU of processes that have ended cannot be counted")
    print(heading())
    names = [name for name in SYSTEMS if not only or name in only or name == _BARE]
    runs: dict[str, dict[int, Run]] = {name: {} for name in names}
    faults: dict[str, str] = {}
    left_out: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="rhythm-bench-", ignore_cleanup_errors=True) as folder:
        database = new_database(Path(folder))
        for number in range(repeats):  # in turn, so that noise hits all alike
            for name in names:
                if name in left_out:
                    continue
                idle = None if quick or number < repeats - 1 else _IDLE
                try:
                    runs[name][number] = measure(SYSTEMS[name][1], Path(folder), database, idle)
                    tell(f"{number + 1}/{repeats} {name}: {runs[name][number]}")
                except LeftOutError as error:
                    left_out.add(name)
                    faults[name] = str(error)
                except (RuntimeError, AssertionError, OSError, httpx.HTTPError) as error:
                    faults[name] = f"failed: {error}"
                    tell(f"{number + 1}/{repeats} {name} {faults[name]}")
    print(f"\n{SCRIPTS} scripts of {BUSY} s of CPU and {ASLEEP} s of waiting each, all due at once:\n")
    print(f"| {' | '.join(_COLUMNS)} |\n|{' --- |' * len(_COLUMNS)}")
    for name in names:
        cells = _cells(runs[name], runs[_BARE]) if runs[name] else [faults[name]]
        cells += [""] * (len(_COLUMNS) - 1 - len(cells))
        print(f"| {' | '.join([SYSTEMS[name][0], *cells])} |", flush=True)


def _cells(by_repeat: Mapping[int, Run], bare: Mapping[int, Run]) -> list[str]:
    runs = list(by_repeat.values())

    def middle(value: Callable[[Run], float]) -> float:
        return median(value(run) for run in runs)

    def ratio(value: Callable[[Run], float]) -> float:
        """Of the same repeat, as both have had the same noise."""
        both = [(run, bare[number]) for number, run in by_repeat.items() if number in bare]
        return median([value(run) / value(base) for run, base in both] or [nan])

    ran = min(run.ran for run in runs)
    lost = f" ({SCRIPTS - ran} lost)" if ran < SCRIPTS else ""
    beats = [run.beat for run in runs if run.beat is not None]
    beat = f"; the beat {median(beats):.1f}" if beats else ""
    idle = next((run.idle for run in runs if run.idle), None)
    return [
        f"{ran}{lost}",
        f"{middle(lambda run: run.wall):.1f} ({ratio(lambda run: run.wall):.2f}{beat})",
        f"{middle(lambda run: run.cpu):.1f} ({ratio(lambda run: run.cpu):.2f})",
        f"{middle(lambda run: run.processes):.0f}",
        f"{middle(lambda run: run.peak):.0f} / {middle(lambda run: run.deviation):.0f}",
        f"{middle(lambda run: run.memory):.0f}",
        *([f"{idle.processes}", f"{idle.memory:.0f}", f"{idle.cpu:.2f}"] if idle else ["–", "–", "–"]),
    ]
