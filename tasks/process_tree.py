"""Finds and ends everything that a script has started: ask, wait, kill.

A process belongs to a script if it descends from it, or carries the script's mark in its
environment: a daemon that has cut itself loose keeps the environment it was born with. Nothing is
ever matched by name, and a pid only together with its creation time.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

import anyio
import psutil

from tasks.system import ask_to_end

#: Every script gets this variable, with a value of its own.
MARK = "RHYTHM_STEP_ID"
#: Seconds between asking a tree to end and killing it.
GRACE = 5.0

_POLL = 0.02  # seconds between looks at processes that have been asked to end
_ROUNDS = 5  # a tree that still forks while it is killed is looked for again


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that cannot be mistaken for a later one with the same pid."""

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """Return the identity of the process that has `pid` now; None if there is none."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return None

    def process(self) -> psutil.Process | None:
        """Return the process if it still lives (a zombie does not), else None."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < 0.01
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def members(mark: str, leader: Identity | None) -> list[psutil.Process]:
    """Return the living processes of the script that was started as `leader` with `mark`."""
    found: dict[int, psutil.Process] = {}
    root = leader.process() if leader else None
    if root:
        found[root.pid] = root
        with suppress(psutil.NoSuchProcess):  # it ended while we looked; its orphans carry the mark
            found |= {child.pid: child for child in root.children(recursive=True)}
    for process in psutil.process_iter():
        try:
            if process.pid not in found and process.environ().get(MARK) == mark:
                found[process.pid] = process
        except (psutil.AccessDenied, psutil.NoSuchProcess, OSError):
            continue  # another user's, or gone: not ours either way
    found.pop(os.getpid(), None)
    return [process for process in found.values() if _lives(process)]


async def end(mark: str, leader: Identity | None, grace: float = GRACE) -> int:
    """End all processes of a script: ask, wait up to `grace` seconds, kill. Return how many there were.

    Runs to its end even when the task that awaits it is cancelled.
    """
    ended: set[int] = set()
    with anyio.CancelScope(shield=True):
        tree = members(mark, leader)
        ended |= {process.pid for process in tree}
        for process in tree:
            ask_to_end(process.pid)
        await _gone(tree, grace)
        for _ in range(_ROUNDS):
            tree = members(mark, leader)
            if not tree:
                break
            ended |= {process.pid for process in tree}
            for process in tree:
                _kill(process)
            await _gone(tree, 1.0)
    return len(ended)


async def _gone(tree: Iterable[psutil.Process], seconds: float) -> None:
    deadline = monotonic() + seconds
    while any(_lives(process) for process in tree) and monotonic() < deadline:
        await anyio.sleep(_POLL)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _kill(process: psutil.Process) -> None:
    with suppress(psutil.Error):  # already gone; if not, the next round tries again
        process.kill()
