"""What it costs to know the load: a sample of the daemon's, a beat's reading, and 90 days of them on disk."""

from __future__ import annotations

import os
import platform
import random
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import monotonic, process_time

from deployments.daemon.sampler import TOGETHER, Sampler
from flows import readings
from tasks.readings.meter import Meter
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import Reading
from tasks.store.store import store_of
from tasks.store.version import FILE_NAME

_DAYS, _QUICK_DAYS = 90, 9
_TIMES = 200
_TOML = '[groups.a]\nevery = "10m"\npriority = "low"\nsteps = ["check_health"]\n'


def run(repeats: int, quick: bool) -> None:
    """Measure and print."""
    days = _QUICK_DAYS if quick else _DAYS
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()}, ", end="")
    print(f"Python {platform.python_version()}: python -m tests.bench readings\n")
    with tempfile.TemporaryDirectory(prefix="rhythm-bench-") as folder:
        path = Path(folder) / "rhythm.toml"
        path.write_text(_TOML, encoding="utf-8")
        settings = config.load(path)
        size = _fill(settings, days)
        sampler, meter, now = Sampler(settings, print, Meter()), Meter(), datetime.now(UTC)

        def sample() -> None:
            sampler.sample()
            if len(sampler.unwritten) >= TOGETHER:
                sampler.flush()

        sampler.sample()
        print("| | wall | CPU |\n| --- | --- | --- |")
        _row("a sample of the daemon's, written five at a time", sample, _TIMES, repeats)
        _row("what a beat reads of the store", lambda: readings.known(settings, now), 5, repeats)
        meter.sample(settings.outputs_dir, now)
        _row(
            "a beat's reading, nothing waited for",
            lambda: meter.since_sample(settings.outputs_dir, now),
            _TIMES,
            repeats,
        )
        print(f"\n{days} days of a sample a minute and a reading a beat: {size / 2**20:.1f} MiB")


def _fill(settings: Settings, days: int) -> int:
    """Put so many days of readings into the store; return how large that is, in bytes."""
    dice, end = random.Random(1), datetime.now(UTC)
    with store_of(settings) as store:
        path = settings.outputs_dir / FILE_NAME
        before = path.stat().st_size
        store.add_readings(
            Reading(
                end - timedelta(minutes=minute),
                100 * dice.random(),
                3 * dice.random(),
                dice.randrange(2**30, 2**34),
                10 * dice.random(),
                dice.random(),
                0.0,
                1e6 * dice.random(),
                is_beat,
            )
            for minute in range(days * 24 * 60, 0, -1)
            for is_beat in ([False, True] if minute % 5 == 0 else [False])
        )
    return path.stat().st_size - before


def _row(what: str, work: Callable[[], object], times: int, repeats: int) -> None:
    walls, cpus = [], []
    for _ in range(repeats):
        wall, cpu = monotonic(), process_time()
        for _ in range(times):
            work()
        walls.append((monotonic() - wall) / times)
        cpus.append((process_time() - cpu) / times)
    print(f"| {what} | {1000 * median(walls):.2f} ms | {1000 * median(cpus):.2f} ms |")
