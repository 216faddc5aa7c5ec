"""What Prefect's client still holds when a process ends: logs and events, sent in batches.

At exit Prefect sends them itself; but where its server has ended before, it tries for minutes.
"""

from __future__ import annotations

import asyncio
from typing import Any

import anyio

from deployments.prefect_internals import log_batches
from deployments.prefect_internals.internal import (
    ChangedError,
    Internal,
    must_be_coroutine,
    must_take,
    must_use,
)


async def drain(seconds: float) -> int:
    """Send them while there is a server, for so long at most; return how many log lines are left.

    A process with lines left should not end by itself: Prefect would go on trying.
    """
    if not DRAIN.is_used():
        return 0
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogHandler, APILogWorker

    worker: Any = APILogWorker
    senders = [each for each in tuple(worker._instances.values()) if isinstance(each, APILogWorker)]
    events = asyncio.to_thread(EventsWorker.drain_all, timeout=seconds)
    with anyio.move_on_after(seconds, shield=True) as scope:
        await asyncio.gather(APILogHandler.aflush(), events)
    if not scope.cancelled_caught:
        return 0
    # In each queue is what ends it, too.
    return log_batches.under_way() + sum(max(0, sender._queue.qsize() - 1) for sender in senders)


def _check() -> None:
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogHandler, APILogWorker

    must_be_coroutine(APILogHandler.aflush)
    must_use(APILogWorker._drain, "_stop", "_done_event")
    worker: Any = APILogWorker
    if not isinstance(worker._instances, dict):
        raise ChangedError("who sends logs is not known")
    must_take(EventsWorker.drain_all, "timeout")


DRAIN = Internal(
    name="drain",
    purpose="Logs and events that Prefect's client still holds are sent while its server still runs.",
    gain="`rhythm beat` and `rhythm up` end within seconds, and nothing of the last run is lost",
    without="If the server ends with a process, its last logs and events are lost, and its end takes longer.",
    upstream="""\
PrefectHQ/prefect: a public way to flush what a client still holds

A program that starts a server, runs flows, and ends the server has to send the queued logs and events
before it does: at exit they are sent too late, and sending is tried again for minutes.
`APILogHandler.aflush()` does it for logs; for events there is only
`prefect.events.worker.EventsWorker.drain_all(timeout=…)`, whose base class is internal. A function
`prefect.flush(timeout=…)` for both would do.
""",
    check=_check,
)
