"""Ends processes that have been found to be ours to end: ask, wait, kill."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import psutil

from tasks.system import ask_to_end

#: Seconds that the system may take to clear away a process that was killed.
_NOTICE = 2.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How it went: those that ended when asked, those that had to be killed, and those that live on."""

    asked: tuple[int, ...] = ()
    killed: tuple[int, ...] = ()
    left: tuple[int, ...] = ()


def with_descendants(process: psutil.Process) -> list[psutil.Process]:
    """Return a process and all below it, parents first; just itself if it cannot be asked."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return [process]


def end(processes: Iterable[psutil.Process], grace: float) -> Ended:
    """Ask all of them to end, and kill what has not after `grace` seconds.

    A `psutil.Process` knows when it was created, and touches no later process with its pid.
    """
    found = list(processes)
    asked = ask_to_end(found)
    gone, alive = psutil.wait_procs(found, timeout=grace if asked else 0)
    for process in alive:
        with suppress(psutil.Error):  # just gone, or not ours to kill: told as left
            process.kill()
    killed, left = psutil.wait_procs(alive, timeout=_NOTICE)
    return Ended(*(tuple(process.pid for process in group) for group in (gone, killed, left)))
