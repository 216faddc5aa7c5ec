"""Waiting for conditions, with a limit: no test sleeps and hopes."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: Seconds: far beyond what anything here takes, so that only a real fault reaches it. Prefect's own server
#: can stand still for a minute (see deployments/server/collector.py). Under Wine, each process takes seconds
#: to start.
LIMIT = 240.0 if sys.platform == "win32" else 120.0
#: Seconds between looks: short at first, and longer the longer it takes, so that asking costs a busy
#: server little of what it is waited for.
_SOON, _LATER, _SLOWER = 0.02, 0.5, 1.2


def eventually(look: Callable[[], T], what: str, limit: float = LIMIT) -> T:
    """Return what `look` returns as soon as that is true; fail after `limit` seconds."""
    end, pause = time.monotonic() + limit, _SOON
    while not (found := look()):
        assert time.monotonic() < end, f"waited {limit:g} s for {what}"
        time.sleep(pause)
        pause = min(pause * _SLOWER, _LATER)
    return found


async def soon(look: Callable[[], T], what: str, limit: float = LIMIT) -> T:
    """Do as `eventually`, and let the event loop go on."""
    end, pause = time.monotonic() + limit, _SOON
    while not (found := look()):
        assert time.monotonic() < end, f"waited {limit:g} s for {what}"
        await asyncio.sleep(pause)
        pause = min(pause * _SLOWER, _LATER)
    return found
