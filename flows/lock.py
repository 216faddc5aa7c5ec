"""One thing at a time in each lane on this machine: a beat, or a group by itself, holds its lock.

A lock of the operating system, since it is free as soon as its holder dies, however it dies.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path

import anyio
from filelock import FileLock, Timeout

from flows import cancellation
from tasks.files import private
from tasks.settings.groups import MAIN

_POLL = 0.25  # seconds between two looks at a lock that somebody else holds
_held: ContextVar[frozenset[str]] = ContextVar("lanes_held", default=frozenset())


@asynccontextmanager
async def beat_lock(
    outputs_dir: Path, patience: float | None = None, lane: str = MAIN
) -> AsyncIterator[bool]:
    """Hold a lane's lock while the block runs; a group inside a beat shares the beat's.

    Waits up to `patience` seconds (None: as long as it takes, or until the beat is cancelled) and
    yields whether it was had.
    """
    if lane in _held.get():
        yield True
        return
    private.make_folder(outputs_dir)
    file = "beat.lock" if lane == MAIN else f"lane-{lane}.lock"
    lock = FileLock(outputs_dir / file, mode=private.FILE)
    held = await _acquire(lock, patience)
    token = _held.set(_held.get() | ({lane} if held else set()))
    try:
        yield held
    finally:
        _held.reset(token)
        lock.release()


async def _acquire(lock: FileLock, patience: float | None) -> bool:
    with cancellation.current().heeded(), anyio.move_on_after(patience):
        while True:
            try:
                lock.acquire(blocking=False)
            except Timeout:
                await anyio.sleep(_POLL)
            else:
                return True
    return False
