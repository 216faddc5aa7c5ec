"""One thing at a time on this machine: a beat, or a group started by hand, takes its turn.

A lock of the operating system, since it is free the moment its holder dies, however it dies.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path

import anyio
from filelock import FileLock, Timeout

from flows import cancellation
from tasks import private

_POLL = 0.25  # seconds between two looks at a lock that somebody else holds
_ours: ContextVar[bool] = ContextVar("turn_is_ours", default=False)


def is_ours() -> bool:
    """Whether this machine's turn is had by what calls: a beat, or a group in it."""
    return _ours.get()


@asynccontextmanager
async def turn(outputs_dir: Path, patience: float | None = None) -> AsyncIterator[bool]:
    """Take the turn while the block runs; a group inside a beat shares the beat's.

    Waits up to `patience` seconds (None: as long as it takes, or until the beat is cancelled) and
    yields whether it was had.
    """
    if _ours.get():
        yield True
        return
    private.make_folder(outputs_dir)
    lock = FileLock(outputs_dir / "turn.lock", mode=private.FILE)
    held = await _acquire(lock, patience)
    token = _ours.set(held)
    try:
        yield held
    finally:
        _ours.reset(token)
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
