"""A Prefect worker that runs this project's flows and no others, a beat in its own process.

`prefect worker start --pool rhythm` starts it, as any worker, for pools of the type `rhythm`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import Any, cast

import anyio
import psutil
from prefect import Flow
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Failed
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker, ProcessWorkerResult

from deployments import timezones
from deployments.up import DIED
from deployments.worker.bell import Bell
from deployments.worker.hosted_run import PATIENCE, HostedRun, WedgedError
from deployments.worker.job_configuration import RhythmJobConfiguration
from deployments.worker.loaded_code import LoadedCode
from deployments.worker.own_flow import OwnFlow
from deployments.worker.separate_run import run_separately
from flows import clock
from tasks.settings import PROJECT

#: Bytes by which the process may have grown since its first run. What built-in steps import stays: the
#: dashboard alone brings 150 MiB.
GROWTH = 120 * 2**20

#: Seconds after which runs are asked for in any case: of deployments whose runs nobody asks for, Prefect
#: says after 60 that they are not ready.
_SHOW_UP = 45.0


class RhythmWorker(ProcessWorker):
    """Runs this project's own flows in a thread of its process, and refuses any other.

    What the server says of a run decides only which of them it is: job variables are ignored. Once the code
    has changed or the process has grown, until it has been replaced, each run gets an interpreter of its own;
    with `isolated`, always. What rhythm.toml allows besides is run as the base class runs it.
    """

    type = "rhythm"
    job_configuration = RhythmJobConfiguration
    _display_name = "Rhythm"
    _description = "Runs beats and groups of this rhythm, in the worker's own process."

    #: Seconds without a sign of life after which a run is given up.
    patience = PATIENCE
    #: Called with the reason why this process should be replaced, when nothing runs in it.
    retire: Callable[[str], None] | None = None
    #: Called when a run hangs: its thread can only be ended with the process.
    give_up: Callable[[str], None] = staticmethod(lambda why: os._exit(DIED))

    def __init__(self, *args: Any, isolated: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._isolated = isolated
        timezones.remember()
        self._code = LoadedCode()
        self._size: int | None = None
        self.bell = Bell(StateType.SCHEDULED, StateType.CANCELLING, StateType.PAUSED)
        self._asked = -_SHOW_UP
        self._under_way = 0

    async def setup(self) -> None:
        """Prepare to run, and listen."""
        await super().setup()
        self.bell.listen()

    async def teardown(self, *exc_info: Any) -> None:
        """End in order."""
        await self.bell.stop()
        await super().teardown(*exc_info)

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Wait until runs are due, or it is time to show that we are there; take those that are due.

        To rank a pool's runs by its queues costs Prefect's server ten times what finding the next one
        does, and there is one beat in five minutes.
        """
        while (left := self._asked + _SHOW_UP - monotonic()) > 0:
            self._last_polled_time = looked = clock.now()
            since = monotonic()
            next_due = await self._next_due()
            if next_due:
                left = min(left, (next_due - looked).total_seconds() - self._prefetch_seconds)
            if left <= 0:
                break
            await self.bell.time_to_ask(since, every=left)
        self._asked = monotonic()
        return await super().get_and_submit_flow_runs()

    async def _next_due(self) -> datetime | None:
        scheduled = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))
        found = await self.client.read_flow_runs(
            flow_run_filter=FlowRunFilter(state=scheduled),
            work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[self._work_pool_name])),
            sort=FlowRunSort.NEXT_SCHEDULED_START_TIME_ASC,
            limit=1,
        )
        return found[0].next_scheduled_start_time if found else None

    async def run(
        self,
        flow_run: FlowRun,
        configuration: ProcessJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> ProcessWorkerResult:
        """Run a flow run to its end if it may be run."""
        looked_at = cast("RhythmJobConfiguration", configuration)
        self._under_way += 1
        try:
            if looked_at.own:
                return await self._run_own(looked_at.own, flow_run, looked_at, task_status)
            if looked_at.refusal is None:
                return await super().run(flow_run, configuration, task_status)
            return await self._refuse(flow_run, looked_at.refusal, task_status)
        finally:
            self._under_way -= 1
            if self.retire and not self._under_way and (reason := self._outdated()):
                self.retire(reason)

    async def _run_own(
        self,
        own: OwnFlow,
        flow_run: FlowRun,
        configuration: RhythmJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None,
    ) -> ProcessWorkerResult:
        if configuration.ignored:
            log = self.get_flow_run_logger(flow_run)
            log.warning("ignored job variables: %s", ", ".join(configuration.ignored))
        if self._isolated or self._outdated():
            return await run_separately(own, flow_run, configuration.env, task_status)
        if task_status:
            task_status.started(os.getpid())
        return await self._run_here(own.flow, flow_run)

    async def _refuse(
        self, flow_run: FlowRun, why: str, task_status: anyio.abc.TaskStatus[int] | None
    ) -> ProcessWorkerResult:
        self._logger.warning("refused flow run %r: %s", flow_run.name, why)
        state: Any = Failed(name="Refused", message=why)
        await self.client.set_flow_run_state(flow_run.id, state, force=True)
        if task_status:
            task_status.started(0)  # no process: none is noted on the run
        return ProcessWorkerResult(identifier="", status_code=0)

    async def _run_here(self, flow: Flow[..., Any], flow_run: FlowRun) -> ProcessWorkerResult:
        try:
            fault = await HostedRun(flow, flow_run, self.bell, self.patience).run(self.client)
        except WedgedError as error:
            self._logger.error("flow run %r hangs: %s Ending this process.", flow_run.name, error)
            self.give_up(str(error))
            raise
        if fault:
            self._logger.error("flow run %r was ended by %r", flow_run.name, fault, exc_info=fault)
        if self._size is None:
            self._size = _memory()
        return ProcessWorkerResult(identifier=str(os.getpid()), status_code=1 if fault else 0)

    def _outdated(self) -> str:
        """Return why this process should be replaced; "" if it need not."""
        if changed := self._code.changed():
            return f"{changed[0].relative_to(PROJECT)} has changed"
        if self._size is not None and _memory() - self._size > GROWTH:
            return f"it has grown by {(_memory() - self._size) / 2**20:.0f} MiB"
        return ""


def _memory() -> int:
    return int(psutil.Process().memory_info().rss)
