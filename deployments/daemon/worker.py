"""Prefect's worker beside the server in one process: started, watched, stopped."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from deployments.worker.beat_clock import BeatClock
from deployments.worker.rhythm_worker import RhythmWorker
from flows import server_fault
from flows.memory import naming
from tasks.settings.rhythm_toml import Settings


class Worker:
    """Takes runs from the pool. `isolated` gives each an interpreter of its own.

    `renew` is called, with the reason, when this process should be replaced.
    """

    def __init__(self, settings: Settings, isolated: bool, renew: Callable[[str], None]) -> None:
        self._worker = RhythmWorker(
            work_pool_name=naming.pool(settings),
            name=f"rhythm up on {socket.gethostname()}",
            create_pool_if_not_found=False,
            isolated=isolated,
        )
        if not isolated:
            self._worker.retire = renew
        self._task: asyncio.Task[None] | None = None

    @property
    def beats(self) -> BeatClock:
        """When its beats began and ended."""
        return self._worker.beats

    def start(self) -> None:
        """Let it take runs from now on."""
        self._task = asyncio.create_task(self._worker.start(printer=lambda *_: None))

    def has_died(self) -> str:
        """Return how it has ended, if it has by itself."""
        if self._task is None or not self._task.done():
            return ""
        fault = None if self._task.cancelled() else self._task.exception()
        return f"the worker has ended: {server_fault.describe(fault)}" if fault else "the worker has ended"

    async def stop(self, seconds: float) -> None:
        """End what it runs, and then itself, within so many seconds."""
        if self._task:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=seconds)
