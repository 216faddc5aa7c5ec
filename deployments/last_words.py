"""What Prefect's client still holds when a process ends: logs and events, sent in batches."""

from __future__ import annotations

import asyncio

import anyio
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogHandler


async def told(seconds: float) -> None:
    """Send them while there is a server, for so long at most: at exit it would be tried for minutes."""
    with anyio.move_on_after(2 * seconds, shield=True):
        await APILogHandler.aflush()
        await asyncio.to_thread(EventsWorker.drain_all, timeout=seconds)
