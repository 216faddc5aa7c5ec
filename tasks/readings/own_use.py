"""What Rhythm itself uses of the CPU: its processes, and all that they have started."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

import psutil

from tasks.process import ownership
from tasks.process.process_tree import Identity, descendants

#: The note of the `rhythm up` that is up here, in outputs_dir: its `process` has started all the rest.
UP = "up.json"


def own_roots(outputs_dir: Path) -> tuple[int, ...]:
    """Return the processes that all of Rhythm is below: this one, and that of the `rhythm up` here."""
    up = None
    with suppress(OSError, ValueError, KeyError, TypeError, RuntimeError):  # no note, or a broken one
        up = Identity(**json.loads((outputs_dir / UP).read_bytes())["process"]).process()
    return (os.getpid(), up.pid) if up and up.pid != os.getpid() else (os.getpid(),)


# The unit of /proc's CPU times: so many are a second.
_TICKS = 100
if sys.platform != "win32":
    _TICKS = os.sysconf("SC_CLK_TCK")


class OwnUse(Protocol):
    """Adds up what processes and all below them have used."""

    def cpu_seconds(self, roots: Collection[int]) -> float | None:
        """Return the CPU seconds so far, those of descendants that have ended included; None if unknown.

        Only the difference between two calls with the same roots says something.
        """


def own_use() -> OwnUse:
    """Return what adds up on this system."""
    return _ByProc() if sys.platform == "linux" else _ByPsutil()


class _Stat(NamedTuple):
    """Of a process: its parent, and its CPU seconds with those of the children that it has waited for."""

    parent: int
    cpu_seconds: float


class _ByProc:
    """By /proc, where a process' figures include its ended children's: none is missed, however short.

    To find out which processes are below the roots, all are looked at once; from then on only those, and
    the new ones.
    """

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = str(proc)
        self._roots: set[int] = set()
        self._others: set[int] = set()

    def cpu_seconds(self, roots: Collection[int]) -> float | None:
        try:
            living = {int(name) for name in os.listdir(self._proc) if name.isdigit()}  # noqa: PTH208 - quicker
        except OSError:
            return None
        self._others = self._others & living if self._roots == {*roots} else set()
        self._roots = {*roots}
        found = {pid: stat for pid in living - self._others if (stat := self._stat(pid))}
        own = self._roots | descendants(self._roots, {pid: stat.parent for pid, stat in found.items()})
        self._others = living - own
        if not own & found.keys():
            return None
        return sum(found[pid].cpu_seconds for pid in own if pid in found)

    def _stat(self, pid: int) -> _Stat | None:
        """Return what proc_pid_stat(5) has of a process; None if it has just ended."""
        try:
            with open(f"{self._proc}/{pid}/stat", "rb", buffering=0) as file:  # noqa: PTH123 - quicker
                words = file.read().rpartition(b")")[2].split()  # its name may be anything
        except OSError:
            return None
        return _Stat(int(words[1]), sum(map(int, words[11:15])) / _TICKS)


class _ByPsutil:
    """By psutil, and of what has ended by what the system has added up of our own."""

    def cpu_seconds(self, roots: Collection[int]) -> float | None:
        used = ownership.ended_cpu_seconds()
        seen: set[int] = set()
        for root in roots:
            with suppress(psutil.Error):  # it has just ended
                process = psutil.Process(root)
                for each in (process, *process.children(recursive=True)):
                    if each.pid not in seen:
                        seen.add(each.pid)
                        used += _used(each)
        return used if seen else None


def _used(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:  # another account's, or it has just ended
        return 0.0
    return float(times.user + times.system)
