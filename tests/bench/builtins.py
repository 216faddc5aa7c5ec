"""What each built-in step costs with 90 days of measurements in the store, and with none yet."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import monotonic

import psutil

from tasks.builtin import NAMES
from tasks.builtin.contract import built_in
from tasks.machine_id import machine_id
from tasks.settings.rhythm_toml import PROJECT
from tasks.store.store import Store
from tasks.store.version import FILE_NAME
from tests.bench import history
from tests.tasks.builtin.service import Service, running_service

_DAYS, _QUICK_DAYS = 90, 9
_LOOK = 0.01  # seconds between two looks at a step's memory

#: What keeps a step from touching anything but the bench's own folder.
_HARMLESS = {"cleanup_processes": ["--dry-run"]}


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a step in a process of its own, its imports included: seconds, CPU seconds, peak MiB.

    `fault` is what it says if it fails.
    """

    wall: float
    cpu: float
    memory: float
    fault: str


def run(repeats: int, quick: bool) -> None:
    """Measure and print."""
    days = _QUICK_DAYS if quick else _DAYS
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()}, ", end="")
    print(f"Python {platform.python_version()}: python -m tests.bench builtins\n")
    with tempfile.TemporaryDirectory(prefix="rhythm-bench-") as name, running_service() as service:
        folder = Path(name)
        config = _configure(folder, service)
        print(_fill(folder / "full", days))
        print("| step | s | CPU, s | MiB | empty: s | CPU, s | MiB | × s |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        for words in _steps():
            if find_spec(f"tasks.builtin.{words[0]}") is None:
                print(f"| {words[0]} | missing |||||||")
                continue
            full, empty = [], []
            for _ in range(1 if quick else repeats):  # in turn, so that noise hits both alike
                full.append(_measure(words, config, folder / "full"))
                empty.append(_measure(words, config, _empty(folder)))
            _row(words, full, empty)


def _steps() -> Iterator[Sequence[str]]:
    for name in NAMES:
        yield [name, *_HARMLESS.get(name, [])]
        with suppress(ImportError):
            if longest := getattr(built_in(name), "_LONGEST_HOURS", None):  # those that look back
                yield [name, "--hours", f"{longest:g}"]


def _empty(folder: Path) -> Path:
    """Return new outputs whose store has its tables: to make them takes half a second, once in its life."""
    outputs = Path(tempfile.mkdtemp(dir=folder))
    with Store(outputs / FILE_NAME):
        return outputs


def _fill(outputs: Path, days: int) -> str:
    began = monotonic()
    outputs.mkdir()
    with Store(outputs / FILE_NAME, host=machine_id(outputs)) as store:
        history.fill(store, datetime.now(UTC), days)
    size = (outputs / FILE_NAME).stat().st_size / 2**20
    samples = history.SAMPLES * days // 90
    took = monotonic() - began
    return f"{days} days: {days * 288:,} beats, {samples:,} samples, {size:.0f} MiB, made in {took:.0f} s\n"


def _configure(folder: Path, service: Service) -> Path:
    """Write a rhythm.toml: the project's own groups, and three services, one of which could be started."""
    endpoints = "".join(
        f'\n[[endpoints]]\nname = "{name}"\nurl = "{service.url}/health"\nrole = "{role}"\n'
        for name, role in zip(history.SERVICES, ("primary", "fallback", "fallback"), strict=True)
    )
    path = folder / "rhythm.toml"
    groups = (PROJECT / "rhythm.toml").read_text(encoding="utf-8")
    path.write_text(f'{groups}{endpoints}start = ["no-such-program"]\n', encoding="utf-8")
    return path


def _measure(words: Sequence[str], config: Path, outputs: Path) -> Cost:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("RHYTHM_", "PREFECT_"))},
        "RHYTHM_CONFIG": str(config),
        "RHYTHM_OUTPUTS_DIR": str(outputs),
        "RHYTHM_TIMEZONE": "UTC",
    }
    before, began, seen, peak = _children_cpu(), monotonic(), 0.0, 0
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        process = psutil.Popen(
            [sys.executable, "-m", "deployments.cli.main", "step", *words],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        while process.poll() is None:
            with suppress(psutil.Error):
                times = process.cpu_times()
                seen = max(seen, times.user + times.system)
                tree = [process, *process.children(recursive=True)]
                peak = max(peak, sum(_resident(each) for each in tree))
            with suppress(psutil.TimeoutExpired):
                process.wait(_LOOK)
        wall = monotonic() - began
        said.seek(0)
        fault = said.read().strip().splitlines()[-1:] if process.returncode else []
    return Cost(wall, max(seen, _children_cpu() - before), peak / 2**20, "".join(fault))


def _resident(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def _children_cpu() -> float:
    """CPU seconds of all children that have ended; 0 on Windows."""
    times = os.times()
    return times.children_user + times.children_system


def _row(words: Sequence[str], full: Sequence[Cost], empty: Sequence[Cost]) -> None:
    cells = [" ".join(words)]
    for costs in (full, empty):
        cells.append(f"{median(cost.wall for cost in costs):.2f}")
        cells.append(f"{median(cost.cpu for cost in costs):.2f}")
        cells.append(f"{max(cost.memory for cost in costs):.0f}")
    cells.append(f"{median(cost.wall for cost in full) / median(cost.wall for cost in empty):.1f}")
    print(f"| {' | '.join(cells)} |", flush=True)
    for fault in sorted({cost.fault for cost in (*full, *empty)} - {""}):
        print(f"| … fails: {fault} |||||||")
