"""What the orchestration costs beyond the scripts: a beat, one with nothing due, idling, growth."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import monotonic, sleep

from tests.bench.one_beat import cpu
from tests.end_to_end.workspace import ORDER, PROJECT, Running, Workspace
from tests.waiting import eventually

_SCRIPTS = 2  # a group
_IDLE = 30.0  # seconds
_STEPS = (42, 420, 4200)

# About 0.16 s: an interpreter's start, and work for the rest.
_BUSY = "import time\nend = time.perf_counter() + 0.145\nwhile time.perf_counter() < end: pass\n"
_NOTHING = "#!/bin/sh\nexit 0\n"


@dataclass(frozen=True)
class Cost:
    """Seconds of wall and of CPU, of everything involved."""

    wall: float
    cpu: float


def run(repeats: int, quick: bool) -> None:
    """Measure and print."""
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()}, ", end="")
    print(
        f"Python {platform.python_version()}, Prefect {version('prefect')}: python -m tests.bench overhead\n"
    )
    print("| what | wall, s | × bare | CPU, s | × bare |\n| --- | --- | --- | --- | --- |")
    with _workspace() as workspace, _served(workspace) as server:
        _five_groups(workspace)
        _beat(workspace, server, ORDER)  # the first of all makes the store's tables, once in a life
        bare, beat, nothing = [], [], []
        for _ in range(repeats):  # in turn, so that noise hits all alike
            bare.append(_bare(workspace))
            beat.append(_beat(workspace, server, ORDER))
            nothing.append(_beat(workspace, server, []))
        _row("ten scripts, one after another, by subprocess.run", bare, bare)
        _row("the same in five groups in one beat", beat, bare)
        _row("a beat with nothing due", nothing)
        for steps in _STEPS[: -1 if quick else None]:
            _many(workspace, steps)
            costs = [_beat(workspace, server, ["many"]) for _ in range(1 if steps > 1000 else repeats)]
            _row(f"a beat of {steps:,} scripts that do nothing", costs)
            each = median(cost.wall for cost in costs) / steps
            print(f"| … each of them | {each:.4f} | | {median(c.cpu for c in costs) / steps:.4f} | |")
    _idle()


def _row(what: str, costs: Sequence[Cost], bare: Sequence[Cost] | None = None) -> None:
    cells = [what]
    for field in ("wall", "cpu"):
        values = [getattr(cost, field) for cost in costs]
        cells.append(f"{median(values):.2f} ({min(values):.2f}–{max(values):.2f})")
        base = median(getattr(cost, field) for cost in bare) if bare else None
        cells.append(f"{median(values) / base:.2f}" if base else "")
    print(f"| {' | '.join(cells)} |", flush=True)


def _bare(workspace: Workspace) -> Cost:
    wall, spent = monotonic(), cpu()
    for _ in range(len(ORDER) * _SCRIPTS):
        subprocess.run([sys.executable, str(workspace.scripts / "busy0.py")], check=True)  # noqa: S603
    return Cost(monotonic() - wall, cpu() - spent)


def _beat(workspace: Workspace, server: Running, force: Sequence[str]) -> Cost:
    """A beat in a fresh process, from the flow's begin to its end, with what the server spends on it."""
    before = _cpu_of(server)
    done = workspace.run(
        [sys.executable, "-m", "tests.bench.one_beat", *force], 3600, PREFECT_API_URL=workspace.api
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    said = json.loads(done.stdout.splitlines()[-1])
    sleep(3.0)  # what the server writes in batches is a part of the beat's cost
    return Cost(said["wall"], said["cpu"] + _cpu_of(server) - before)


def _idle() -> None:
    with _workspace() as workspace:
        workspace.five_groups()
        with workspace.up() as up:
            eventually(lambda: workspace.ended("event_analysis"), "the first beat")
            eventually(lambda: not up.child("prefect.engine"), "its process to end")
            spent, began = _cpu_of(up), monotonic()
            sleep(_IDLE)
            rate = (_cpu_of(up) - spent) / (monotonic() - began) * 60
            tree = [up.process, *up.process.children(recursive=True)]
            pss = sum(getattr(process.memory_full_info(), "pss", 0) for process in tree) / 2**20
            rss = sum(process.memory_info().rss for process in tree) / 2**20
            memory = f"{pss:.0f} MiB PSS ({rss:.0f} MiB RSS)"
            print(f"\n`rhythm up`, idle: {len(tree)} processes, {memory}, {rate:.2f} CPU-s a minute")


def _cpu_of(program: Running) -> float:
    """Seconds of CPU of a running program, all below it, and what of it has ended."""
    spent = 0.0
    for process in [program.process, *program.process.children(recursive=True)]:
        times = process.cpu_times()
        spent += times.user + times.system
        spent += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return spent


def _five_groups(workspace: Workspace) -> None:
    for number in range(_SCRIPTS):
        workspace.script(f"busy{number}.py", _BUSY)
    steps = ", ".join(f'"busy{number}.py"' for number in range(_SCRIPTS))
    workspace.five_groups(**dict.fromkeys(ORDER, steps))


def _many(workspace: Workspace, steps: int) -> None:
    workspace.script("nothing", _NOTHING)
    (workspace.scripts / "nothing").chmod(0o755)
    listed = ", ".join(f'{{ run = "./nothing", name = "n{number}" }}' for number in range(steps))
    workspace.toml(f'[groups.many]\nevery = "1d"\nsteps = [{listed}]\n')


@contextmanager
def _served(workspace: Workspace) -> Iterator[Running]:
    with workspace.start(sys.executable, "-m", "prefect", "server", "start") as server:
        eventually(workspace.is_served, "the server")
        yield server


@contextmanager
def _workspace() -> Iterator[Workspace]:
    """A folder with a migrated database, and gone in the end."""
    with tempfile.TemporaryDirectory(prefix="rhythm-bench-") as folder:
        home = Path(folder) / "prefect"
        subprocess.run(
            [sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"],
            cwd=PROJECT,
            env=os.environ | {"PREFECT_HOME": str(home)},
            check=True,
            capture_output=True,
        )
        yield Workspace(Path(folder))
        shutil.rmtree(home, ignore_errors=True)
