"""Runs that say Running though nobody runs them any more, because their process was killed.

Prefect cannot know. So each run that starts on its own notes its process on itself (as labels), and
whoever comes next looks whether that process still lives.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from prefect import State
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    TaskRunFilter,
    TaskRunFilterFlowRunId,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Crashed

from tasks.process_tree import Identity

_HOST, _PID, _CREATED = "rhythm.host", "rhythm.pid", "rhythm.created"
_UNDER_WAY = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]

#: How long a run may stay Pending: the interpreter that will run it is starting. Ten times what it
#: takes on a slow machine.
STARTING = timedelta(seconds=60)

# The runs that this process has claimed and still executes: a worker outlives the beats that it runs.
_executing: set[UUID] = set()


async def claim(client: PrefectClient, flow_run_id: UUID | str, pid: int | None = None) -> None:
    """Note on a run that a process runs it: this one, unless told otherwise."""
    owner = Identity.mine() if pid is None else Identity.of(pid)
    if owner is None:
        raise ProcessLookupError(pid)
    if owner.pid == os.getpid():
        _executing.add(UUID(str(flow_run_id)))
    labels: dict[str, bool | int | float | str] = {
        _HOST: socket.gethostname(),
        _PID: owner.pid,
        _CREATED: owner.created,
    }
    await client.update_flow_run_labels(UUID(str(flow_run_id)), labels)


def executed(flow_run_id: UUID) -> None:
    """Note that this process does not execute a run any more: if it has no end, it will get none."""
    _executing.discard(flow_run_id)


async def crash_stale(client: PrefectClient, flows: Iterable[str], now: datetime) -> list[str]:
    """Set every run of `flows` (their names) Crashed whose process is gone; return the runs' names."""
    found = await find_stale(client, flows, now)
    for run in found:
        await crash(client, run, "The process that ran it is gone.")
    return [run.name for run in found]


async def find_stale(client: PrefectClient, flows: Iterable[str], now: datetime) -> list[FlowRun]:
    """Return the runs of `flows` that say they are under way, and are not."""
    under_way = await client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=list(flows))),
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_UNDER_WAY))),
    )
    return [run for run in under_way if await _is_stale(client, run, now)]


async def _is_stale(client: PrefectClient, run: FlowRun, now: datetime) -> bool:
    """Whether the process that runs the run, or the run that it is a part of, is gone."""
    while run.parent_task_run_id:
        task_run = await client.read_task_run(run.parent_task_run_id)
        if task_run.flow_run_id is None:
            break
        run = await client.read_flow_run(task_run.flow_run_id)
    if run.state is None or run.state.is_final():
        return True
    if _PID in run.labels:
        if run.labels[_HOST] != socket.gethostname():
            return False
        owner = Identity(int(run.labels[_PID]), float(run.labels[_CREATED])).process()
        return owner is None or (owner.pid == os.getpid() and run.id not in _executing)
    return now - run.state.timestamp > STARTING


async def crash(client: PrefectClient, run: FlowRun, message: str) -> None:
    """Set a run Crashed, and the task runs that it has under way."""
    state: State[None] = Crashed(message=message)
    for task_run in await client.read_task_runs(
        task_run_filter=TaskRunFilter(
            flow_run_id=TaskRunFilterFlowRunId(any_=[run.id]),
            state=TaskRunFilterState(type=TaskRunFilterStateType(any_=_UNDER_WAY)),
        )
    ):
        await client.set_task_run_state(task_run.id, state, force=True)
    await client.set_flow_run_state(run.id, state, force=True)
