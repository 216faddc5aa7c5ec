"""Ends processes: asks them, waits, kills what is left, until nothing is. The one place that does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import monotonic, sleep
from typing import ParamSpec, TypeVar

import anyio
import psutil

from tasks.process.system import ask_to_end

#: Seconds between asking processes to end and killing them.
GRACE = 5.0

_POLL = 0.02  # seconds between looks at processes that have been asked to end
#: Seconds that the system may take to clear away what was killed.
_NOTICE = 1.0
#: A tree that still forks while it is killed is looked for again, and a process that comes while its
#: parent goes can be missed once: all is over when two looks in a row have found nothing.
_ROUNDS, _QUIET = 10, 2

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TreeEnd:
    """The pids of those that ended when they were asked, that had to be killed, and that still run."""

    asked: tuple[int, ...] = ()
    killed: tuple[int, ...] = ()
    left: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """How many there were."""
        return len(self.asked) + len(self.killed) + len(self.left)


def running(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Return those that still run: a zombie does not, nor a later process with the same pid."""
    return [process for process in processes if is_running(process)]


def with_descendants(process: psutil.Process) -> list[psutil.Process]:
    """Return a process and all below it, parents first; just itself if it cannot be asked."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return [process]


def nobody(processes: Iterable[psutil.Process]) -> bool:
    """Ask nobody to end: what is ended has been asked already."""
    return False


def end(
    processes: Iterable[psutil.Process],
    grace: float,
    *,
    ask: Callable[[list[psutil.Process]], bool] = ask_to_end,
    find: Callable[[list[psutil.Process]], list[psutil.Process]] = running,
) -> TreeEnd:
    """Ask processes to end, wait up to `grace` seconds, kill what is left.

    `ask` returns whether any could be asked; else none is waited for. `find` is given the processes
    that are known and returns those that are to end now, new ones included. None is reaped: its exit
    code is its parent's to read.
    """
    left = found = find(list(processes))
    if ask(found):
        _wait(found, grace)
    killed: dict[int, psutil.Process] = {}
    quiet = 0
    for _ in range(_ROUNDS):
        left = find(left)
        quiet = 0 if left else quiet + 1
        if quiet == _QUIET:
            break
        for process in left:
            killed[process.pid] = process
            with suppress(psutil.Error):  # already gone; if not, the next round tries again
                process.kill()
        _wait(left, _NOTICE)
    still = [process.pid for process in running(left)]
    return TreeEnd(
        asked=tuple(process.pid for process in found if process.pid not in killed),
        killed=tuple(pid for pid in killed if pid not in still),
        left=tuple(still),
    )


async def uncancelled(function: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Call a function in a thread, to its end however often the task that awaits it is cancelled."""
    call = asyncio.get_running_loop().run_in_executor(None, partial(function, *args, **options))
    return await completed(call)


async def completed(call: asyncio.Future[T]) -> T:
    """Await a future to its end, however often the task that awaits it is cancelled; then that is."""
    cancelled: asyncio.CancelledError | None = None
    with anyio.CancelScope(shield=True):
        while not call.done():
            try:
                await asyncio.wait([call])
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled:
        raise cancelled
    return call.result()


def is_running(process: psutil.Process) -> bool:
    """Whether it still runs: a zombie does not, nor a later process with its pid."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait(processes: Iterable[psutil.Process], seconds: float) -> None:
    deadline = monotonic() + seconds
    while any(is_running(process) for process in processes) and monotonic() < deadline:
        sleep(_POLL)
