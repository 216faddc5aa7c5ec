"""Waiting for conditions, with a limit: no test sleeps and hopes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: Seconds: far beyond what anything here takes, so that only a real fault reaches it.
LIMIT = 60.0
_POLL = 0.02


def eventually(look: Callable[[], T], what: str, limit: float = LIMIT) -> T:
    """Return what `look` returns as soon as that is true; fail after `limit` seconds."""
    end = time.monotonic() + limit
    while not (found := look()):
        assert time.monotonic() < end, f"waited {limit:g} s for {what}"
        time.sleep(_POLL)
    return found


async def soon(look: Callable[[], T], what: str, limit: float = LIMIT) -> T:
    """Do as `eventually`, and let the event loop go on."""
    end = time.monotonic() + limit
    while not (found := look()):
        assert time.monotonic() < end, f"waited {limit:g} s for {what}"
        await asyncio.sleep(_POLL)
    return found
