"""Prefect's background services, looked after once in five seconds instead of ten times in one.

They are tasks of a docket, made for many workers and a Redis: its worker looks for tasks whose time
has come, takes them, listens for their cancellation, and reports that it is there. Here it is alone, and
no service runs more often than every half minute. A task that need not wait is taken at once as before.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from deployments.prefect_internals.internal import (
    ChangedError,
    Internal,
    must_be_coroutine,
    must_take,
    must_use,
)

LOOK = timedelta(seconds=5)
HEARTBEAT = timedelta(seconds=30)


def slow_down() -> None:
    """Let Prefect's server use these, which it has no setting for; call it before the server is made."""
    if not BACKGROUND.is_used():
        return
    from docket import Docket, Worker
    from prefect.server.api import background_workers, server

    class SlowDocket(Docket):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**{"heartbeat_interval": HEARTBEAT} | kwargs)

    class SlowWorker(Worker):
        def __init__(self, docket: Docket, **kwargs: Any) -> None:
            slow = {"minimum_check_interval": LOOK, "scheduling_resolution": LOOK}
            super().__init__(docket, **slow | kwargs)

        async def _cancellation_listener(self) -> None:
            """Hear nothing: Prefect cancels none of its tasks, and this would look ten times a second."""
            if self._processing_session:
                self._processing_session.cancellation_ready.set()

    vars(server)["Docket"] = SlowDocket
    vars(background_workers)["Worker"] = SlowWorker


def _check() -> None:
    import docket
    from docket import worker
    from prefect.server.api import background_workers, server

    must_take(docket.Docket, "heartbeat_interval")
    must_take(docket.Worker, "docket", "minimum_check_interval", "scheduling_resolution")
    must_be_coroutine(docket.Worker._cancellation_listener)
    must_use(docket.Worker._cancellation_listener, "_processing_session", "cancellation_ready")
    must_use(server.create_app, "Docket", "background_worker")
    must_use(background_workers.background_worker, "Worker")
    if "cancellation_ready" not in worker._ProcessingSession.__annotations__:
        raise ChangedError("docket's processing session has no cancellation_ready")
    if not issubclass(vars(server)["Docket"], docket.Docket):
        raise ChangedError("the Docket of Prefect's server is not docket's")
    if not issubclass(vars(background_workers)["Worker"], docket.Worker):
        raise ChangedError("the Worker of Prefect's server is not docket's")


BACKGROUND = Internal(
    name="background services",
    purpose="Prefect's background services are looked after every 5 s instead of ten times a second.",
    gain="an idle server takes 0.28 s of CPU time a minute instead of 0.84 s",
    without="An idle server takes three times the CPU time.",
    upstream="""\
PrefectHQ/prefect: let settings slow down the docket of a server with an in-memory broker

With `PREFECT_SERVER_DOCKET_URL=memory://` (the default) there is one worker, and no perpetual service runs
more often than every few seconds. Its docket still checks its stream and its schedule four times a second,
listens for cancellations ten times a second, and sends a heartbeat every two seconds: on an idle server
with its other loops slowed down, two thirds of the CPU time (0.56 of 0.84 s a minute).
`minimum_check_interval`, `scheduling_resolution` and
`heartbeat_interval` are arguments of docket's already: settings under `server.docket` that are handed on to
it would be enough, and a way to leave out its listener for cancellations.
""",
    check=_check,
)
