"""Reports processes that look left behind: zombies, and Python processes that have long been idle.

It only reports. Who looks idle may well be somebody's waiting server, so nothing is ever ended here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from humanize import naturaldelta, naturalsize

from tasks.builtin.contract import Context, Parser
from tasks.machine.processes import ProcessInfo, ancestors, survey

#: A Python process looks idle if it is older than this, …
IDLE_AGE = timedelta(hours=1)
#: … and has used less of one core than this part of its age.
IDLE_SHARE = 0.01

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


@dataclass(frozen=True, slots=True)
class ProcessReport:
    """Who has zombies, idle-looking Python processes (most memory first), how many would not be read."""

    at: datetime
    neglects: tuple[Neglect, ...]
    idle: tuple[ProcessInfo, ...]
    denied: int

    @property
    def summary(self) -> str:
        """One line that says what was found, and that nothing was done about it."""
        zombies = sum(len(neglect.zombies) for neglect in self.neglects)
        memory = naturalsize(sum(process.rss or 0 for process in self.idle), binary=True)
        return (
            f"{zombies} zombies, {len(self.idle)} idle Python processes ({memory}), "
            f"{self.denied} processes not to be looked at; only reported, nothing was ended"
        )


def report_on(processes: Iterable[ProcessInfo], now: datetime, own_pid: int) -> ProcessReport:
    """Given a survey, return what looks left behind; never `own_pid` nor any of its parents."""
    processes = list(processes)
    ours = {own_pid, *ancestors(own_pid, processes)}
    others = [process for process in processes if process.pid not in ours]
    idle = [process for process in others if process.is_python and _is_idle(process, now)]
    return ProcessReport(
        at=now,
        neglects=_neglects(others, {process.pid: process.name for process in processes}),
        idle=tuple(sorted(idle, key=lambda process: process.rss or 0, reverse=True)),
        denied=sum(not process.is_readable for process in processes),
    )


def main(argv: Sequence[str], context: Context) -> str:
    """Survey and tell."""
    Parser("cleanup_processes", "Reports processes that look left behind.").parse_args(argv)
    report = report_on(survey(), context.now(), os.getpid())
    for neglect in report.neglects:
        context.log.warning("%s", neglect)
    for process in report.idle[:_LISTED]:
        context.log.info("%s", describe(process, report.at))
    if len(report.idle) > _LISTED:
        context.log.info("… and %s more idle processes with less memory", len(report.idle) - _LISTED)
    return report.summary


def describe(process: ProcessInfo, now: datetime) -> str:
    """Return one line about an idle-looking process: its age, what it used of the CPU, and its memory."""
    age = naturaldelta(_age(process, now) or 0)
    memory = naturalsize(process.rss or 0, binary=True)
    return (
        f"{process.name} ({process.pid}) looks idle: {age} old, {process.cpu_seconds:.1f} s of CPU, {memory}"
    )


def _neglects(processes: Iterable[ProcessInfo], names: Mapping[int | None, str]) -> tuple[Neglect, ...]:
    """Return the parents of the zombies among `processes`, those with most zombies first."""
    zombies: dict[int | None, list[int]] = {}
    for process in processes:
        if process.is_zombie:
            zombies.setdefault(process.parent, []).append(process.pid)
    found = [Neglect(parent, names.get(parent, "?"), tuple(pids)) for parent, pids in zombies.items()]
    return tuple(sorted(found, key=lambda neglect: len(neglect.zombies), reverse=True))


def _age(process: ProcessInfo, now: datetime) -> float | None:
    """Return how old a process is, in seconds; None if the system does not tell."""
    return None if process.created is None else now.timestamp() - process.created


def _is_idle(process: ProcessInfo, now: datetime) -> bool:
    age = _age(process, now)
    if process.is_zombie or age is None or process.cpu_seconds is None:
        return False
    return age > IDLE_AGE.total_seconds() and process.cpu_seconds < IDLE_SHARE * age
