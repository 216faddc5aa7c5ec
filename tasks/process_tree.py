"""Finds and ends everything that a script has started: ask, wait, kill.

A process belongs to a script if it descends from it, or carries the script's mark in its
environment: a daemon that has cut itself loose keeps the environment it was born with. Nothing is
ever matched by name, and a pid only together with its creation time.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from time import monotonic, sleep

import anyio
import psutil

from tasks.system import ask_to_end

#: Every script gets this variable, with a value of its own.
MARK = "RHYTHM_STEP_ID"
#: Seconds between asking a tree to end and killing it.
GRACE = 5.0

_POLL = 0.02  # seconds between looks at processes that have been asked to end
#: A tree that still forks while it is killed is looked for again, and a process that comes while its
#: parent goes can be missed once: all is over when two looks in a row have found nothing.
_ROUNDS, _QUIET = 10, 2
_TICK = 0.01  # seconds; no system tells the moment of creation more exactly


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
        """Return the process if it still lives (a zombie does not), else None."""
        try:
            same = abs(_created(self.pid) - self.created) < _TICK / 2
            process = psutil.Process(self.pid)
            return process if same and lives(process) else None
        except (psutil.Error, ValueError):  # no process ever had such a pid
            return None


@cache
def _mine(pid: int) -> Identity:
    return Identity(pid, _created(pid))


def members(mark: str, known: Iterable[psutil.Process] = ()) -> list[psutil.Process]:
    """Return a script's living processes: those known, those that carry `mark`, and all below them.

    On Windows, less the hosts of their consoles: they come and go with the programs in them.
    """
    found = {process.pid: process for process in known if lives(process)}
    for process in psutil.process_iter():
        if process.pid not in found and _mark(process) == mark:
            found[process.pid] = process
    for process in list(found.values()):
        with suppress(psutil.Error):  # it has just ended; what it leaves carries the mark
            found |= {child.pid: child for child in process.children(recursive=True)}
    found.pop(os.getpid(), None)
    return [process for process in found.values() if lives(process) and not _is_console_host(process)]


async def end(mark: str, leader: Identity | None, grace: float = GRACE) -> int:
    """End all processes of a script: ask, wait up to `grace` seconds, kill. Return how many there were.

    Runs to its end, in a thread, however often the task that awaits it is cancelled.
    """
    ending = asyncio.get_running_loop().run_in_executor(None, _end, mark, leader, grace)
    cancelled: asyncio.CancelledError | None = None
    with anyio.CancelScope(shield=True):
        while not ending.done():
            try:
                await asyncio.wait([ending])
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled:
        raise cancelled
    return ending.result()


def _end(mark: str, leader: Identity | None, grace: float) -> int:
    root = leader.process() if leader else None
    tree = members(mark, [root] if root else [])
    ended = {process.pid for process in tree}
    if ask_to_end(tree):
        _gone(tree, grace)
    quiet = 0
    for _ in range(_ROUNDS):
        tree = members(mark, tree)
        quiet = 0 if tree else quiet + 1
        if quiet == _QUIET:
            break
        ended |= {process.pid for process in tree}
        for process in tree:
            with suppress(psutil.Error):  # already gone; if not, the next round tries again
                process.kill()
        _gone(tree, 1.0)
    return len(ended)


def _gone(tree: Iterable[psutil.Process], seconds: float) -> None:
    deadline = monotonic() + seconds
    while any(lives(process) for process in tree) and monotonic() < deadline:
        sleep(_POLL)


def lives(process: psutil.Process) -> bool:
    """Whether it still runs: a zombie does not, nor a later process with its pid."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


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
    of it moves when the clock is set: after a nap, a living process would look like another one.
    """
    booted = psutil.boot_time() if sys.platform == "linux" else 0.0
    return psutil.Process(pid).create_time() - booted
