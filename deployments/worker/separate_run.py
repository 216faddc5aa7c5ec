"""One run of a flow of ours in an interpreter of its own."""

from __future__ import annotations

from dataclasses import dataclass

from anyio.abc import TaskStatus
from prefect import Flow
from prefect.client.schemas.objects import FlowRun
from prefect.runner._flow_run_executor import FlowRunExecutorContext
from prefect.runner._process_manager import ProcessHandle
from prefect.runner._starter_engine import EngineCommandStarter
from prefect.workers.process import ProcessWorkerResult

from deployments.worker.own_flow import OwnFlow
from tasks.settings import PROJECT


async def run_separately(
    own: OwnFlow, flow_run: FlowRun, env: dict[str, str | None], started: TaskStatus[int] | None
) -> ProcessWorkerResult:
    """Run it to its end, as Prefect's process worker does; `started` gets the process id.

    Unlike there, neither the engine nor the hooks after a cancellation or crash ask the server which flow
    it is: whoever changes the deployment meanwhile would decide what is run. Given an entrypoint, Prefect's
    engine runs no pull steps (`load_flow` in prefect/flow_engine.py).

    Raises:
        RuntimeError: no process was started; the run's state says why.
    """

    async def the_flow(_: FlowRun) -> Flow[..., object]:
        return own.flow

    async with FlowRunExecutorContext() as context:
        starter = EngineCommandStarter(
            entrypoint=own.entrypoint, cwd=PROJECT, env=env, control_channel=context.control_channel
        )
        executor = context.create_executor(flow_run, starter, resolve_flow=the_flow, propose_submitting=False)
        execution = await executor.submit(_PidOf(started))
    if execution is None or execution.status_code is None:
        raise RuntimeError("no process was started for the flow run")
    return ProcessWorkerResult(status_code=execution.status_code, identifier=str(execution.handle.pid))


@dataclass
class _PidOf(TaskStatus[ProcessHandle]):
    """Passes a process on as its id."""

    to: TaskStatus[int] | None

    def started(self, value: ProcessHandle | None = None) -> None:
        if self.to and value and value.pid:
            self.to.started(value.pid)
