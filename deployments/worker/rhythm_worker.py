"""A Prefect worker that runs this project's flows and no others, a beat in its own process.

`prefect worker start --pool rhythm` starts it, as any worker, for pools of the type `rhythm`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any, Self, cast

import anyio
import psutil
from prefect import Flow
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.logging import get_logger
from prefect.settings import get_current_settings
from prefect.states import Failed
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker, ProcessWorkerResult

from deployments.daemon.supervisor import DIED
from deployments.prefect_internals import timezones
from deployments.prefect_internals.event_polling import EventPolling
from deployments.prefect_internals.in_process import IN_PROCESS
from deployments.prefect_internals.runner_storage import in_prefects_home
from deployments.prefect_internals.separate_process import SEPARATE_PROCESS, run_separately
from deployments.worker import name_claim
from deployments.worker.beat_clock import BeatClock
from deployments.worker.extra_beat import ExtraBeats
from deployments.worker.hosted_run import PATIENCE, HostedRun, WedgedError
from deployments.worker.job_configuration import RhythmJobConfiguration
from deployments.worker.loaded_code import LoadedCode
from deployments.worker.own_flow import OwnFlow
from deployments.worker.run_events import RunEvents
from flows.memory import naming
from flows.rhythm import rhythm
from tasks.problem import ConfigError
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import PROJECT

_log: logging.Logger = get_logger(__name__)

#: Bytes by which the process may have grown since its first run. What built-in steps import stays: the
#: dashboard alone brings 150 MiB.
GROWTH = 120 * 2**20


class RhythmWorker(ProcessWorker):
    """Runs this project's own flows in a thread of its process, and refuses any other.

    What the server reports of a run only decides which one it is: job variables are ignored. Once the code
    has changed or the process has grown, until it has been replaced, each run gets an interpreter of its own;
    with `isolated`, always. What rhythm.toml allows besides is run as the base class runs it.
    """

    type = "rhythm"
    job_configuration = RhythmJobConfiguration

    #: Seconds without a sign of life after which a run is given up.
    patience = PATIENCE
    #: Called with the reason why this process should be replaced, when nothing runs in it.
    retire: Callable[[str], None] | None = None
    #: Called when a run hangs: its thread can only be ended with the process.
    give_up: Callable[[str], None] = staticmethod(lambda why: os._exit(DIED))

    def __init__(
        self,
        *,
        work_pool_name: str,
        prefetch_seconds: float | None = None,
        isolated: bool = False,
        **kwargs: Any,
    ) -> None:
        if prefetch_seconds is None:
            prefetch_seconds = get_current_settings().worker.prefetch_seconds
        super().__init__(work_pool_name=work_pool_name, prefetch_seconds=prefetch_seconds, **kwargs)
        self._isolated, self._pool_name = isolated, work_pool_name
        timezones.remember()
        self._code = LoadedCode()
        self._size: int | None = None
        self.run_events = RunEvents(StateType.SCHEDULED, StateType.CANCELLING, StateType.PAUSED)
        self._polling = EventPolling(work_pool_name, prefetch_seconds, self.run_events.time_to_ask)
        self._under_way = 0
        self.beats = BeatClock()
        self._extra_beats = ExtraBeats()

    async def __aenter__(self) -> Self:
        """Begin, with Prefect's runner."""
        with in_prefects_home():
            await super().__aenter__()
        return self

    async def setup(self) -> None:
        """Prepare to run, and listen.

        Raises:
            NameTakenError: the pool is this rhythm's, and its name another's.
        """
        await super().setup()
        with suppress(ConfigError):  # then its beats fail, and say why
            settings = config.load()
            if self._pool_name == naming.pool(settings):
                await name_claim.claim(self.client, settings)
        self.run_events.listen()

    async def teardown(self, *exc_info: Any) -> None:
        """End in order."""
        await self.run_events.stop()
        await super().teardown(*exc_info)

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Wait until runs are due, or it is time to show that we are there; take those that are due."""
        await self._polling.until_due(self.client)
        return await super().get_and_submit_flow_runs()

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
                is_beat = looked_at.own.flow is rhythm
                async with self._extra_beats.after(looked_at.own, flow_run, self.client):
                    with self.beats.beat() if is_beat else nullcontext():
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
        here = IN_PROCESS.is_used()
        if not here or self._isolated or self._outdated():
            if SEPARATE_PROCESS.is_used():
                return await run_separately(
                    own.flow, own.entrypoint, flow_run, configuration.env, task_status
                )
            if not here:  # nor there: as Prefect's process worker does
                return await super().run(flow_run, configuration, task_status)
        if task_status:
            task_status.started(os.getpid())
        return await self._run_here(own.flow, flow_run)

    async def _refuse(
        self, flow_run: FlowRun, why: str, task_status: anyio.abc.TaskStatus[int] | None
    ) -> ProcessWorkerResult:
        _log.warning("refused flow run %r: %s", flow_run.name, why)
        state: Any = Failed(name="Refused", message=why)
        await self.client.set_flow_run_state(flow_run.id, state, force=True)
        if task_status:
            task_status.started(0)  # no process: none is noted on the run
        return ProcessWorkerResult(identifier="", status_code=0)

    async def _run_here(self, flow: Flow[..., Any], flow_run: FlowRun) -> ProcessWorkerResult:
        try:
            fault = await HostedRun(flow, flow_run, self.run_events, self.patience).run(self.client)
        except WedgedError as error:
            _log.error("flow run %r hangs: %s Ending this process.", flow_run.name, error)
            self.give_up(str(error))
            raise
        if fault:
            _log.error("flow run %r was ended by %r", flow_run.name, fault, exc_info=fault)
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
