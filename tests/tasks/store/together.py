"""Processes that come to a store at the same moment. Imports little, as each of them has to."""

from __future__ import annotations

from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

from sqlalchemy import URL

from tasks.store.measurements import Sample
from tasks.store.store import Store

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def come_together(place: Path | URL, processes: int, additions: int) -> list[int | None]:
    """Let each of them open the store and add a sample so many times; return their exit codes."""
    spawn = get_context("spawn")
    together = spawn.Barrier(processes)
    started = [spawn.Process(target=_come, args=(place, additions, together)) for _ in range(processes)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    return [process.exitcode for process in started]


def _come(place: Path | URL, additions: int, together: Barrier) -> None:
    together.wait()
    with Store(place) as store:
        for _ in range(additions):
            store.add_samples([Sample(NOON, "cpu_percent", 1.0)])
