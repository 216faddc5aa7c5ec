"""Which processes there are, and which of them run Python."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

import psutil

from tasks.store.measurements import PROCESSES, PYTHON_PROCESSES, Sample

_PYTHON = re.compile(r"(python|pypy)w?[\d.]*(\.exe)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """A process at the time of the survey.

    `created` is in seconds since the epoch, `cpu_seconds` what it has used so far, `rss` its resident
    memory in bytes; None where the system does not let us look.
    """

    pid: int
    parent: int | None
    name: str
    is_python: bool
    is_zombie: bool
    created: float | None
    cpu_seconds: float | None
    rss: int | None

    @property
    def is_readable(self) -> bool:
        """Whether the system let us look; there is nothing to see in a zombie."""
        return self.is_zombie or None not in (self.created, self.cpu_seconds, self.rss)


def survey() -> list[ProcessInfo]:
    """Return all processes that there are now; one that ends meanwhile is left out."""
    names = ["pid", "ppid", "name", "exe", "status", "create_time", "cpu_times", "memory_info"]
    return [_info(process.info) for process in psutil.process_iter(names)]


def ancestors(pid: int, processes: Iterable[ProcessInfo]) -> set[int]:
    """Return the pids of the process `pid`'s parents, up to the first one that is unknown."""
    parents = {process.pid: process.parent for process in processes}
    found: set[int] = set()
    parent = parents.get(pid)
    while parent is not None and parent not in found:  # Windows gives pids out again: there may be a circle
        found.add(parent)
        parent = parents.get(parent)
    return found


def count_samples(processes: Iterable[ProcessInfo], at: datetime) -> Iterator[Sample]:
    """Yield how many processes there are, and how many run Python, for the store."""
    processes = list(processes)
    yield Sample(at, PROCESSES, len(processes))
    yield Sample(at, PYTHON_PROCESSES, sum(process.is_python for process in processes))


def _info(found: Mapping[str, Any]) -> ProcessInfo:
    """Given what psutil found (None where it was denied), return it as we use it."""
    cpu, memory = found["cpu_times"], found["memory_info"]
    return ProcessInfo(
        pid=found["pid"],
        parent=found["ppid"],
        name=found["name"] or "?",
        is_python=_is_python(found["name"]) or _is_python(found["exe"]),
        is_zombie=found["status"] == psutil.STATUS_ZOMBIE,
        created=found["create_time"],
        cpu_seconds=cpu.user + cpu.system if cpu else None,
        rss=memory.rss if memory else None,
    )


def _is_python(program: str | None) -> bool:
    """Whether a name or path is Python's. A script with a `#!` line has its own name and Python's path."""
    return bool(program and _PYTHON.fullmatch(PurePath(program).name))
