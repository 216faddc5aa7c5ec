"""One run of a flow of ours in an interpreter of its own, whatever its deployment defines meanwhile."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anyio.abc import TaskStatus
from prefect import Flow
from prefect.client.schemas.objects import FlowRun
from prefect.settings import get_current_settings
from prefect.utilities.processutils import command_to_string
from prefect.workers.process import ProcessWorkerResult

from deployments.prefect_internals.internal import ChangedError, Internal, must_take
from tasks.process.own_variables import BEFORE, set_own
from tasks.settings.project import PROJECT, module_argv


async def run_separately(
    flow: Flow[..., Any],
    entrypoint: str,
    flow_run: FlowRun,
    env: dict[str, str | None],
    started: TaskStatus[int] | None,
) -> ProcessWorkerResult:
    """Run the flow at `entrypoint` to its end, as Prefect's process worker does.

    `started` gets the process id.

    Unlike there, neither the engine nor the hooks after a cancellation or crash ask the server which flow
    it is: whoever changes the deployment meanwhile would decide what is run. Given an entrypoint, Prefect's
    engine runs no pull steps (`load_flow` in prefect/flow_engine.py).

    Raises:
        RuntimeError: no process was started; the run's state says why.
    """
    from prefect.runner._flow_run_executor import FlowRunExecutorContext
    from prefect.runner._starter_engine import EngineCommandStarter

    async def the_flow(_: FlowRun) -> Flow[..., Any]:
        return flow

    async with FlowRunExecutorContext() as context:
        starter = EngineCommandStarter(
            entrypoint=entrypoint,
            command=command_to_string(module_argv("deployments.worker.separate_run")),
            cwd=PROJECT,
            env=_marked(env),
            control_channel=context.control_channel,
        )
        executor = context.create_executor(flow_run, starter, resolve_flow=the_flow, propose_submitting=False)
        execution = await executor.submit(_PidOf(started))
    if execution is None or execution.status_code is None:
        raise RuntimeError("no process was started for the flow run")
    return ProcessWorkerResult(status_code=execution.status_code, identifier=str(execution.handle.pid))


def _marked(env: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return a process' environment with the note of what in it is the account's, and not ours or Prefect's.

    The starter adds Prefect's settings as they are here, whatever they are from.
    """
    settings = get_current_settings().to_environment_variables(exclude_unset=True)
    after = dict(os.environ)
    set_own({name: value for name, value in {**env, **settings}.items() if value is not None}, after)
    return {**env, BEFORE: after.get(BEFORE)}


@dataclass
class _PidOf(TaskStatus[Any]):
    """Passes a process on as its id."""

    to: TaskStatus[int] | None

    def started(self, value: Any = None) -> None:
        if self.to and value and value.pid:
            self.to.started(value.pid)


def _check() -> None:
    from prefect.runner._flow_run_executor import (
        FlowRunExecutionResult,
        FlowRunExecutor,
        FlowRunExecutorContext,
    )
    from prefect.runner._process_manager import ProcessHandle
    from prefect.runner._starter_engine import EngineCommandStarter

    must_take(EngineCommandStarter, "entrypoint", "command", "cwd", "env", "control_channel")
    must_take(
        FlowRunExecutorContext.create_executor,
        *("flow_run", "starter", "resolve_flow", "propose_submitting"),
    )
    must_take(FlowRunExecutor.submit, "task_status")
    must_take(FlowRunExecutionResult, "handle", "status_code")
    must_take(ProcessWorkerResult, "status_code", "identifier")
    if not isinstance(vars(ProcessHandle).get("pid"), property):
        raise ChangedError("a process handle has no pid")


SEPARATE_PROCESS = Internal(
    name="runs beside the worker",
    purpose="A run that gets an interpreter of its own runs this rhythm's flow, not what the server names.",
    gain="whoever changes a deployment while its run begins or is cancelled does not decide what is run",
    without="Such runs are run in the worker, with the code that it has loaded, until it has been replaced.",
    upstream="""\
PrefectHQ/prefect: run a flow that the worker names in a process

A worker that has decided which flow a run is (from its own code, and not from the deployment's pull steps)
can have it run in a process only by `prefect.runner._flow_run_executor`, whose names are private:
`FlowRunExecutorContext.create_executor(…, resolve_flow=…)` with an `EngineCommandStarter(entrypoint=…)`.
A public function that takes a flow run, an entrypoint, a folder and an environment would do; without it,
whoever can edit a deployment decides what the worker's machine runs.
""",
    check=_check,
)
