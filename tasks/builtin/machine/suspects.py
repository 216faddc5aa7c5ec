"""Processes that look left behind: zombies, and Python processes that have long been idle.

A process that looks idle may well be a server that waits: this is for people to read, never to be acted upon.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from humanize import naturaldelta, naturalsize

from tasks.builtin.machine.processes import ProcessInfo
from tasks.builtin.machine.rules import IDLE_SHARE

#: A Python process looks idle if it is older than this, and was idle all its life.
IDLE_AGE = timedelta(hours=1)

_LISTED = 10


@dataclass(frozen=True, slots=True)
class Neglect:
    """A process that has not taken note of its children's end: these pids stay as zombies."""

    parent: int | None
    name: str
    zombies: tuple[int, ...]

    def __str__(self) -> str:
        shown = ", ".join(str(pid) for pid in self.zombies[:_LISTED])
        rest = f" and {len(self.zombies) - _LISTED} more" if len(self.zombies) > _LISTED else ""
        return (
            f"{self.name} ({self.parent}) has {len(self.zombies)} zombies ({shown}{rest}): "
            "it has not taken note that they ended; they go when it ends"
        )


def neglects(processes: Iterable[ProcessInfo]) -> tuple[Neglect, ...]:
    """Return the parents of the zombies among `processes`, those with most zombies first."""
    processes = list(processes)
    names: Mapping[int | None, str] = {process.pid: process.name for process in processes}
    zombies: dict[int | None, list[int]] = {}
    for process in processes:
        if process.is_zombie:
            zombies.setdefault(process.parent, []).append(process.pid)
    found = [Neglect(parent, names.get(parent, "?"), tuple(pids)) for parent, pids in zombies.items()]
    return tuple(sorted(found, key=lambda neglect: len(neglect.zombies), reverse=True))


def idle_looking(
    processes: Iterable[ProcessInfo], excluded: Collection[int], now: datetime
) -> tuple[ProcessInfo, ...]:
    """Return the Python processes that look idle, most memory first; none of `excluded`."""
    found = [
        process
        for process in processes
        if process.is_python and process.pid not in excluded and _is_idle(process, now)
    ]
    return tuple(sorted(found, key=lambda process: process.rss or 0, reverse=True))


def describe(process: ProcessInfo, now: datetime) -> str:
    """Return one line about an idle-looking process: its age, what it used of the CPU, and its memory."""
    age = naturaldelta(_age(process, now) or 0)
    memory = naturalsize(process.rss or 0, binary=True)
    return (
        f"{process.name} ({process.pid}) looks idle: {age} old, {process.cpu_seconds:.1f} s of CPU, {memory}"
    )


def _age(process: ProcessInfo, now: datetime) -> float | None:
    """Return how old a process is, in seconds; None if the system does not report it."""
    return None if process.created is None else now.timestamp() - process.created


def _is_idle(process: ProcessInfo, now: datetime) -> bool:
    age = _age(process, now)
    if process.is_zombie or age is None or process.cpu_seconds is None:
        return False
    return age > IDLE_AGE.total_seconds() and process.cpu_seconds < IDLE_SHARE * age
