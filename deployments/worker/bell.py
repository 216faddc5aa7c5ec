"""Rings when Prefect tells that a run has come to some state, so that nobody asks in vain all the time.

To ask every two seconds costs the server and the client 12 ms of CPU each time, and what is asked for
is seen a second late.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic

import anyio
from prefect.client.schemas.objects import StateType
from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter, EventResourceFilter
from prefect.events.schemas.events import ResourceSpecification
from prefect.logging import get_logger

_log: logging.Logger = get_logger(__name__)

#: Seconds between two questions while nothing can be heard.
DEAF = 2.0
#: Seconds after a ring in which one asks as if nothing could be heard: Prefect tells of a change before
#: it has committed it.
_COMMIT = 2.0
_AGAIN = 10.0  # seconds before listening is tried again


class Bell:
    """Listens, from `listen` to `stop`, for runs that come to one of `states`; tells when to ask again."""

    def __init__(self, *states: StateType, now: Callable[[], float] = monotonic) -> None:
        self.now = now
        self.rang = now() - _COMMIT
        """When it last rang, by `now`."""
        self.hears = False
        """Whether Prefect's events reach it."""
        self._states = states
        self._rung = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._listen(), name="bell")

    async def stop(self) -> None:
        """End."""
        if self._task:
            self._task.cancel()
            await asyncio.wait({self._task})

    def ring(self) -> None:
        """Let all who wait ask again."""
        self.rang = self.now()
        self._rung.set()
        self._rung = asyncio.Event()

    async def time_to_ask(self, since: float, every: float, pause: float = 0.0) -> float:
        """Wait until it is worth asking what was asked at the moment `since`; return the moment.

        That is when it has rung, but not before a pause, and every so many seconds in any case.
        """
        while (left := self.next_time(since, every, pause) - self.now()) > 0:
            with anyio.move_on_after(min(left, DEAF)):  # it may go deaf meanwhile
                await self._rung.wait()
        return self.now()

    def next_time(self, since: float, every: float, pause: float = 0.0) -> float:
        """Return the moment until which `time_to_ask` waits, as things stand."""
        if self.rang >= since:
            return since + pause
        is_unsure = not self.hears or since < self.rang + _COMMIT
        return since + max(pause, min(every, DEAF) if is_unsure else every)

    async def _listen(self) -> None:
        labels: dict[str, str | list[str]] = {"prefect.state-type": [state.value for state in self._states]}
        told = EventFilter(
            event=EventNameFilter(prefix=["prefect.flow-run."]),
            resource=EventResourceFilter(labels=ResourceSpecification(labels)),
        )
        while True:
            try:
                async with get_events_subscriber(told, reconnect_on_clean_close=True) as events:
                    self.hears = True
                    async for _ in events:
                        self.ring()
            except Exception as error:  # noqa: BLE001 - whatever it is, asking goes on without it
                _log.debug("Prefect's events cannot be heard: %r", error)
            self.hears = False
            await asyncio.sleep(_AGAIN)
