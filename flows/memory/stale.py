"""Runs in state Running though nobody runs them any more, because their process was killed.

Prefect cannot know. So each run that starts on its own notes its process on itself (as labels), and
whoever comes next checks whether that process is still running.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterFlowVersion,
    FlowRunFilterState,
    FlowRunFilterStateType,
    TaskRunFilter,
    TaskRunFilterFlowRunId,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Crashed

from flows.memory import naming
from flows.memory.naming import flow_name, of_deployments
from flows.memory.pages import PAGE, every
from flows.memory.whose import all_versions
from tasks.machine_id import machine_id
from tasks.process.process_tree import Identity
from tasks.settings.rhythm_toml import Settings

_HOST, _PID, _CREATED = "rhythm.host", "rhythm.pid", "rhythm.created"
_UNDER_WAY = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]
_STATES = FlowRunFilterState(type=FlowRunFilterStateType(any_=_UNDER_WAY))

#: How long a run may stay Pending: the interpreter that will run it is starting. Ten times what it
#: takes on a slow machine.
STARTING = timedelta(seconds=60)

# The runs that this process has claimed and still executes: a worker outlives the beats that it runs.
_executing: set[UUID] = set()


async def claim(
    client: PrefectClient, flow_run_id: UUID | str, settings: Settings, pid: int | None = None
) -> None:
    """Note on a run that a process runs it: this one, unless `pid` names another."""
    owner = Identity.mine() if pid is None else Identity.of(pid)
    if owner is None:
        raise ProcessLookupError(pid)
    if owner.pid == os.getpid():
        _executing.add(UUID(str(flow_run_id)))
    labels: dict[str, bool | int | float | str] = {
        _HOST: machine_id(settings.outputs_dir),
        _PID: owner.pid,
        _CREATED: owner.created,
    }
    await client.update_flow_run_labels(UUID(str(flow_run_id)), labels)


def is_elsewhere(run: FlowRun, settings: Settings) -> bool:
    """Whether a run was claimed on another machine."""
    return _HOST in run.labels and run.labels[_HOST] != machine_id(settings.outputs_dir)


def executed(flow_run_id: UUID) -> None:
    """Note that this process does not execute a run any more: if it has no end, it will get none."""
    _executing.discard(flow_run_id)


async def crash_stale(client: PrefectClient, settings: Settings, now: datetime) -> list[FlowRun]:
    """Set every run of this rhythm Crashed whose process is gone; return the runs as they were."""
    found = await find_stale(client, settings, now)
    for run in found:
        await crash(client, run, "The process that ran it is gone.")
    return found


async def find_stale(client: PrefectClient, settings: Settings, now: datetime) -> list[FlowRun]:
    """Return the runs of this rhythm whose state is under way, and that are not."""
    machine = machine_id(settings.outputs_dir)
    found = [*await _begun(client, settings), *await _deployed(client, settings)]
    under_way = {run.id: run for run in found}
    return [run for run in under_way.values() if await is_stale(client, run, machine, now)]


async def _begun(client: PrefectClient, settings: Settings) -> list[FlowRun]:
    """Return what an interpreter has begun: from then on, whose it is stands on the run itself."""
    version = FlowRunFilterFlowVersion(any_=all_versions(settings))
    found = FlowRunFilter(state=_STATES, flow_version=version)
    return await every(lambda offset: client.read_flow_runs(flow_run_filter=found, limit=PAGE, offset=offset))


async def _deployed(client: PrefectClient, settings: Settings) -> list[FlowRun]:
    """Return the runs of this rhythm's deployments, which a worker may have taken and nobody has begun."""
    ours = of_deployments(settings, [naming.RHYTHM, *map(flow_name, settings.groups)])
    return await every(
        lambda offset: client.read_flow_runs(
            flow_run_filter=FlowRunFilter(state=_STATES), limit=PAGE, offset=offset, **ours
        )
    )


async def is_stale(client: PrefectClient, run: FlowRun, machine: str, now: datetime) -> bool:
    """Whether the process that runs the run, or the run that it is a part of, is gone."""
    while run.parent_task_run_id:
        task_run = await client.read_task_run(run.parent_task_run_id)
        if task_run.flow_run_id is None:
            break
        run = await client.read_flow_run(task_run.flow_run_id)
    if run.state is None or run.state.is_final():
        return True
    if _PID in run.labels:
        if run.labels[_HOST] != machine:
            return False
        owner = Identity(int(run.labels[_PID]), float(run.labels[_CREATED])).process()
        return owner is None or (owner.pid == os.getpid() and run.id not in _executing)
    return now - run.state.timestamp > STARTING


async def crash(client: PrefectClient, run: FlowRun, message: str) -> None:
    """Set a run Crashed, and the task runs that it has under way."""
    state: State[None] = Crashed(message=message)
    of_it = TaskRunFilter(
        flow_run_id=TaskRunFilterFlowRunId(any_=[run.id]),
        state=TaskRunFilterState(type=TaskRunFilterStateType(any_=_UNDER_WAY)),
    )
    for task_run in await every(
        lambda offset: client.read_task_runs(task_run_filter=of_it, limit=PAGE, offset=offset)
    ):
        await client.set_task_run_state(task_run.id, state, force=True)
    await client.set_flow_run_state(run.id, state, force=True)
