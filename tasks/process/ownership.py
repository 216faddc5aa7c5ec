"""Keeps a program and all that it starts together: by a session on POSIX, by a job object on Windows."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any, Protocol

import psutil

from tasks.process.system import apart
from tasks.settings.groups import Priority

if sys.platform == "win32":
    from tasks.process.job_object import JobObject
else:
    import resource

# Above, as and below what is usual. POSIX lets nobody but root be nicer to a program than that.
_NICENESS = {"critical": 0, "normal": 0, "low": 10}


class Ownership(Protocol):
    """A program and all that it starts. `popen` are the arguments to start it with; then it is taken."""

    popen: dict[str, Any]

    def take(self, pid: int) -> None:
        """Own the program that has just been started so, before it can start others.

        Raises:
            OSError: the system does not let us.
        """

    def end(self) -> None:
        """Kill all of it at once, as far as the system itself knows what belongs to it."""

    def let_go(self) -> None:
        """Let what is left of it keep running, also when we end."""

    def close(self) -> None:
        """Give it back. What still runs ends where the system can do that by itself, unless it was let go."""

    def cpu_seconds(self) -> float:
        """Return what all of it has used, as far as the system has added it up; else 0."""


def ownership(priority: Priority = "normal", memory: int | None = None) -> Ownership:
    """Return what will own one program; on Windows, all of it together is given `memory` bytes at most."""
    if sys.platform == "win32":
        return JobObject(apart(), priority, memory)
    return _Session(priority)


class _Session:
    """A session of its own: nothing but a Ctrl-C in our terminal is kept from it.

    POSIX has nothing that ends descendants with their ancestor; `process_tree` finds them.
    """

    def __init__(self, priority: Priority) -> None:
        self.popen = apart()
        self._niceness = _NICENESS[priority]
        self._before = _waited_for()

    def take(self, pid: int) -> None:
        if self._niceness:
            with suppress(psutil.Error):  # it is over already
                psutil.Process(pid).nice(self._niceness)

    def end(self) -> None:
        pass

    def let_go(self) -> None:
        pass

    def close(self) -> None:
        pass

    def cpu_seconds(self) -> float:
        """What children that have ended have used meanwhile: POSIX adds that up when they are waited for."""
        return _waited_for() - self._before


def ended_cpu_seconds() -> float:
    """Return what has been used by all that this process has owned, or waited for, and that has ended."""
    if sys.platform == "win32":
        return JobObject.ended_cpu_seconds
    return _waited_for()


def _waited_for() -> float:
    if sys.platform != "win32":
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime
    return 0.0
