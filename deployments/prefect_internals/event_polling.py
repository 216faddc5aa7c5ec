"""When the worker asks for runs: once an event reports that there is one, or one is due, or after 45 s.

Prefect's worker asks every few seconds: to rank a pool's runs by its queues costs the server ten times what
finding the next one does, and there is one beat in five minutes. Here its loop is kept waiting within the
method that asks, which is overridden: whoever calls it must be prepared that it takes that long.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from time import monotonic

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.settings import get_current_settings

from deployments.prefect_internals.internal import Internal, must_be_coroutine, must_use
from flows import clock

#: Seconds after which runs are asked for in any case: of deployments whose runs nobody asks for, Prefect
#: reports after 60 that they are not ready.
_SHOW_UP = 45.0
#: Prefect calls a worker dead that has not asked for 30 of its intervals; here it asks after this many.
_INTERVALS = 20.0

#: Waits until it is worth asking again what was asked at a time, and after so many seconds at most.
WaitForEvent = Callable[[float, float], Awaitable[float]]


class EventPolling:
    """The waits of one worker, for runs of the pool `pool` that are due within `prefetch` seconds."""

    def __init__(self, pool: str, prefetch: float, wait_for_event: WaitForEvent) -> None:
        self._pool, self._prefetch, self._wait_for_event = pool, prefetch, wait_for_event
        self._show_up = min(_SHOW_UP, _INTERVALS * get_current_settings().worker.query_seconds)
        self._asked = -self._show_up

    async def until_due(self, client: PrefectClient) -> None:
        """Wait until runs are due, or it is time to show that the worker is there."""
        if EVENT_POLLING.is_used():
            while (left := self._asked + self._show_up - monotonic()) > 0:
                looked, since = clock.now(), monotonic()
                if next_due := await self._next_due(client):
                    left = min(left, (next_due - looked).total_seconds() - self._prefetch)
                if left <= 0:
                    break
                await self._wait_for_event(since, left)
        self._asked = monotonic()

    async def _next_due(self, client: PrefectClient) -> datetime | None:
        scheduled = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))
        found = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(state=scheduled),
            work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[self._pool])),
            sort=FlowRunSort.NEXT_SCHEDULED_START_TIME_ASC,
            limit=1,
        )
        return found[0].next_scheduled_start_time if found else None


def _check() -> None:
    from prefect.workers.base import BaseWorker

    must_be_coroutine(BaseWorker.get_and_submit_flow_runs)
    must_use(BaseWorker.start, "get_and_submit_flow_runs")


EVENT_POLLING = Internal(
    name="polling by events",
    purpose="The worker asks for runs when one is due or has been asked for, and every 45 s.",
    gain="a poll takes 27 ms of CPU time, server included: every 2 s, that is 0.8 s a minute",
    without="The worker asks every 2 s, and starts a run that somebody asks for a second later on average.",
    upstream="""\
PrefectHQ/prefect: let a worker wait for events between two polls

`prefect.flow-run.Scheduled` events reach a websocket within milliseconds, and the server knows when the next
run of a pool is due, yet a worker polls every `query_seconds`. Polling less often delays runs that somebody
asks for; polling more often costs the server. Workers subscribe to events for cancellation already: with a
subscription for scheduled runs, and polling as what remains without one, an idle worker would cost nothing,
and start a run at once.
""",
    check=_check,
)
