"""Prefect's background services, looked after once in five seconds instead of ten times in one.

They are tasks of a docket, made for many workers and a Redis: its worker looks for tasks whose time
has come, takes them, listens for their cancellation, and tells the others that it is there. Here it
is alone, no service comes more often than every half minute, and looking after them was a third of
what an idle server cost. A task that need not wait is taken at once as before.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from docket import Docket, Worker
from prefect.server.api import background_workers, server

LOOK = timedelta(seconds=5)
HEARTBEAT = timedelta(seconds=30)


class _Docket(Docket):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"heartbeat_interval": HEARTBEAT} | kwargs)


class _Worker(Worker):
    def __init__(self, docket: Docket) -> None:
        super().__init__(docket, minimum_check_interval=LOOK, scheduling_resolution=LOOK)

    async def _cancellation_listener(self) -> None:
        """Hear nothing: Prefect cancels none of its tasks, and a thread would listen ten times a second."""
        if self._processing_session:
            self._processing_session.cancellation_ready.set()


def slow_down() -> None:
    """Let Prefect's server use these, which it has no setting for; call it before the server is made."""
    vars(server)["Docket"] = _Docket
    vars(background_workers)["Worker"] = _Worker
