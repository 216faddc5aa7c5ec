"""When a worker's beats began and ended, by a clock that nobody sets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from time import monotonic


class BeatClock:
    """Of one worker, from its start on. A machine that sleeps stops it: nothing was to come then."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._began = now()
        self._under_way = 0
        self._ended = asyncio.Event()

    @property
    def since(self) -> timedelta:
        """How long ago the last beat began; the worker, if none has."""
        return timedelta(seconds=self._now() - self._began)

    @property
    def is_under_way(self) -> bool:
        """Whether one is running."""
        return self._under_way > 0

    @contextmanager
    def beat(self) -> Iterator[None]:
        """Note a beat, which runs while the block does."""
        self._began = self._now()
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            self._ended.set()

    async def ended(self, seconds: float) -> None:
        """Wait for the end of a beat, at most so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)
        self._ended.clear()
