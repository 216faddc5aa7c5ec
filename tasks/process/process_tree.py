"""Finds and ends everything that a script has started.

A process belongs to a script if it descends from it, or from the subreaper that the script alone has
(on Linux), or carries the script's mark in its environment: a daemon that has cut itself loose keeps the
environment it was born with. Nothing is ever matched by name, and a pid only together with its creation time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial

import psutil

from tasks.process import ending
from tasks.process.ending import GRACE, is_running, uncancelled

#: Every script gets this variable, with a value of its own.
MARK = "RHYTHM_STEP_ID"
_TICK = 0.01  # seconds; no system reports the time of creation more exactly


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that cannot be mistaken for a later one with the same pid.

    `created` is in seconds: since the epoch, on Linux since the machine was started.
    """

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """Return the identity of the process that has `pid` now; None if there is none."""
        try:
            return cls(pid, _created(pid))
        except psutil.Error:
            return None

    @classmethod
    def mine(cls) -> Identity:
        """Return the identity of this process."""
        return _mine(os.getpid())

    def process(self) -> psutil.Process | None:
        """Return the process if it is still running (a zombie is not), else None."""
        try:
            same = abs(_created(self.pid) - self.created) < _TICK / 2
            process = psutil.Process(self.pid)
            return process if same and is_running(process) else None
        except (psutil.Error, ValueError):  # no process ever had such a pid
            return None


@cache
def _mine(pid: int) -> Identity:
    return Identity(pid, _created(pid))


def members(
    mark: str, known: Iterable[psutil.Process] = (), subreaper: Identity | None = None
) -> list[psutil.Process]:
    """Return a script's running processes: those known, those that carry `mark`, and all below them.

    All that is below its subreaper belongs to it as well, but not the subreaper itself: it ends after them,
    by itself. On Windows, less the hosts of their consoles: they come and go with the programs in them.
    """
    found = {process.pid: process for process in known if is_running(process)}
    others = {process.pid: process for process in psutil.process_iter() if process.pid not in found}
    found |= {pid: process for pid, process in others.items() if _mark(process) == mark}
    reaping = subreaper.process() if subreaper else None
    found |= _below([*found.values(), *([reaping] if reaping else [])], others)
    return [
        process
        for pid, process in found.items()
        if pid != os.getpid() and is_running(process) and not _is_console_host(process)
    ]


def descendants(roots: Collection[int], parents: Mapping[int, int]) -> set[int]:
    """Given the parent of each process, return all that descend from `roots`, these excluded. Pure."""
    children: dict[int, list[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    found = {*roots}
    left = [*roots]
    while left:
        new = [child for child in children.get(left.pop(), ()) if child not in found]
        found.update(new)
        left += new
    return found - {*roots}


async def end(
    mark: str, leader: Identity | None, grace: float = GRACE, subreaper: Identity | None = None
) -> int:
    """End all processes of a script: ask, wait up to `grace` seconds, kill. Return how many there were.

    Runs to its end, in a thread, however often the task that awaits it is cancelled.
    """
    return await uncancelled(_end, mark, leader, grace, subreaper)


def _end(mark: str, leader: Identity | None, grace: float, subreaper: Identity | None) -> int:
    root = leader.process() if leader else None
    find = partial(members, mark, subreaper=subreaper)
    return ending.end([root] if root else [], grace, find=find).count


def _below(
    roots: Iterable[psutil.Process], others: Mapping[int, psutil.Process]
) -> dict[int, psutil.Process]:
    """Return all that descend from `roots`, in one pass over the machine's processes where that can be."""
    if sys.platform != "win32":
        parents = {pid: parent for pid, process in others.items() if (parent := _parent(process))}
        pids = descendants([root.pid for root in roots], parents)
        return {pid: others[pid] for pid in pids if pid in others}
    # To know one parent there, psutil looks at all processes; to know all below one root, once as well.
    found: dict[int, psutil.Process] = {}
    for root in roots:
        if root.pid not in found:
            with suppress(psutil.Error):  # it has just ended; what it leaves carries the mark
                found |= {child.pid: child for child in root.children(recursive=True)}
    return found


def _parent(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.Error:  # it has just ended
        return None


def _is_console_host(process: psutil.Process) -> bool:
    try:
        return sys.platform == "win32" and process.name() == "conhost.exe"
    except psutil.Error:  # it has just ended
        return False


def _mark(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None  # another user's, or gone: not ours either way


def _created(pid: int) -> float:
    """Return when the process was created, on a clock that nobody sets.

    Linux knows it in seconds since the machine was started, and the time of day that psutil makes
    of it moves when the clock is set: after that, a running process would look like another one.
    """
    booted = psutil.boot_time() if sys.platform == "linux" else 0.0
    return psutil.Process(pid).create_time() - booted
