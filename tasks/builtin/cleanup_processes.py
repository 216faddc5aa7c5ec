"""Reports processes that look left behind: zombies, and Python processes that have long been idle.

It only reports. Who looks idle may well be somebody's waiting server, so nothing is ever ended here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from humanize import naturaldelta, naturalsize

from tasks.builtin.contract import Context, Parser
from tasks.processes import ProcessInfo, ancestors, survey

#: A Python process looks idle if it is older than this, …
IDLE_AGE = timedelta(hours=1)
#: … and has used less of one core than this part of its age.
IDLE_SHARE = 0.01

_LISTED = 10


@dataclass(frozen=True, slots=True)
class ProcessReport:
    """Zombies, idle-looking Python processes (most memory first), and how many would not be read."""

    at: datetime
    zombies: tuple[ProcessInfo, ...]
    idle: tuple[ProcessInfo, ...]
    denied: int

    @property
    def summary(self) -> str:
        """One line that says what was found, and that nothing was done about it."""
        memory = naturalsize(sum(process.rss or 0 for process in self.idle), binary=True)
        return (
            f"{len(self.zombies)} zombies, {len(self.idle)} idle Python processes ({memory}), "
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
        zombies=tuple(process for process in others if process.is_zombie),
        idle=tuple(sorted(idle, key=lambda process: process.rss or 0, reverse=True)),
        denied=sum(not process.is_readable for process in processes),
    )


def main(argv: Sequence[str], context: Context) -> str:
    """Survey and tell."""
    Parser("cleanup_processes", "Reports processes that look left behind.").parse_args(argv)
    report = report_on(survey(), context.now(), os.getpid())
    for zombie in report.zombies[:_LISTED]:
        context.log.warning(
            "%s (%s) is a zombie: its parent (%s) has not taken note of its end; ending the parent frees it",
            zombie.name,
            zombie.pid,
            zombie.parent,
        )
    for process in report.idle[:_LISTED]:
        context.log.info(
            "%s (%s) looks idle: %s old, %.1f s of CPU, %s",
            process.name,
            process.pid,
            naturaldelta(_age(process, report.at) or 0),
            process.cpu_seconds,
            naturalsize(process.rss or 0, binary=True),
        )
    for what, found in (("zombies", report.zombies), ("idle processes", report.idle)):
        if len(found) > _LISTED:
            context.log.info("… and %s more %s", len(found) - _LISTED, what)
    return report.summary


def _age(process: ProcessInfo, now: datetime) -> float | None:
    """Return how old a process is, in seconds; None if the system does not tell."""
    return None if process.created is None else now.timestamp() - process.created


def _is_idle(process: ProcessInfo, now: datetime) -> bool:
    age = _age(process, now)
    if process.is_zombie or age is None or process.cpu_seconds is None:
        return False
    return age > IDLE_AGE.total_seconds() and process.cpu_seconds < IDLE_SHARE * age
