"""How `rhythm up` ends: scripts first, then the worker, then the server that keeps their history."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import psutil

from deployments.child import Child
from tasks import orphans

#: Seconds for all of it.
LIMIT = 9.0
_FOR_SERVER = 2.5  # of these, kept for the server: it must be there while the others say how they ended


async def shut_down(children: Sequence[Child], outputs_dir: Path) -> None:
    """End the children, last started first, and every process below them; nothing is left."""
    end = monotonic() + LIMIT
    for child in reversed(children):
        is_server = child.name == "server"
        await _end(child, end if is_server else end - _FOR_SERVER)
    await orphans.sweep(outputs_dir, grace=0.5)


async def _end(child: Child, deadline: float) -> None:
    """Ask a child and all below it to end, wait until the deadline, kill the rest."""
    tree = child.tree()
    child.ask()
    while any(_lives(process) for process in tree) and monotonic() < deadline:
        await asyncio.sleep(0.05)
    for process in [*tree, *child.tree()]:
        if _lives(process):
            process.kill()
    child.wait(1.0)


def _lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
