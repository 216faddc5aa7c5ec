"""The work pool and the deployments, as prefect.yaml names them: made, kept up to date, looked at."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled

from deployments.code_version import VARIABLE, code_version
from deployments.server import PREFECT
from tasks import private
from tasks.settings import PROJECT
from tasks.system import IN_UTF_8

POOL = "rhythm"
#: Of the worker that runs nothing but this rhythm.
POOL_TYPE = "rhythm"
RHYTHM = "rhythm/rhythm"


class DeployError(Exception):
    """The deployments cannot be made; the message says why."""


def deployment_names() -> list[str]:
    """Return the names that prefect.yaml deploys: the rhythm, and the groups that may be run by hand."""
    deployments = yaml.safe_load((PROJECT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    return [f"{one['name']}/{one['name']}" for one in deployments]


async def make_pool(client: PrefectClient) -> None:
    """Make the pool if it is not there, and undo what somebody has changed in its base job template.

    A pool of another type is made anew, as a type cannot be changed; its deployments find the new one by
    its name once they are deployed again.
    """
    from prefect.workers.process import ProcessWorker  # which commands that only look have no use for

    template = ProcessWorker.get_default_base_job_template()
    with suppress(ObjectNotFound):
        if (await client.read_work_pool(POOL)).type == POOL_TYPE:
            await client.update_work_pool(POOL, WorkPoolUpdate(base_job_template=template))
            return
        await client.delete_work_pool(POOL)
    await client.create_work_pool(WorkPoolCreate(name=POOL, type=POOL_TYPE, base_job_template=template))


async def is_deployed(client: PrefectClient) -> bool:
    """Return whether all that prefect.yaml names is deployed to the pool, from this very code.

    One that somebody has changed into what the worker refuses is not: it is deployed again.
    """
    version = code_version()
    found = [await find(client, name) for name in deployment_names()]
    return all(one and (one.version, one.work_pool_name) == (version, POOL) and _is_own(one) for one in found)


def _is_own(deployment: DeploymentResponse) -> bool:
    from deployments.worker.own_flow import ForeignError, own_flow  # which commands that only look do without

    try:
        own_flow(deployment)
    except ForeignError:
        return False
    return True


async def deploy(log: Path) -> None:
    """Deploy all that prefect.yaml names, with Prefect's own command.

    Raises:
        DeployError: it could not; with the end of what the command said.
    """
    process = await asyncio.create_subprocess_exec(
        *PREFECT,
        "--no-prompt",
        "deploy",
        "--all",
        cwd=PROJECT,
        env={**os.environ, **IN_UTF_8, VARIABLE: code_version()},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    private.make_folder(log.parent)
    with private.open_file(log, "wb") as file:
        file.write(said)
    if process.returncode:
        last = said.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise DeployError(f"`prefect deploy --all` failed ({' '.join(last)}); see {log}")


async def missing(client: PrefectClient) -> list[str]:
    """Return which of prefect.yaml's deployments the server does not have."""
    return [name for name in deployment_names() if await find(client, name) is None]


async def find(client: PrefectClient, name: str) -> DeploymentResponse | None:
    """Return the deployment called `name` ("flow/deployment"), if the server has it."""
    try:
        return await client.read_deployment_by_name(name)
    except ObjectNotFound:
        return None


async def beat_now(client: PrefectClient) -> FlowRun:
    """Ask for a beat at once, through the worker."""
    deployment = await client.read_deployment_by_name(RHYTHM)
    return await client.create_flow_run_from_deployment(deployment.id)


async def cancel_missed(client: PrefectClient, now: datetime) -> int:
    """Cancel the beats whose time has passed without a worker; return how many.

    One beat makes up for all of them; started one after another, they would only cost.
    """
    deployment = await find(client, RHYTHM)
    if deployment is None:
        return 0
    missed = [run for run in await _scheduled(client, deployment) if _passed(run, now)]
    for run in missed:
        state: Any = Cancelled(message="Missed: no worker was there. The next beat makes up for it.")
        await client.set_flow_run_state(run.id, state, force=True)
    return len(missed)


async def next_scheduled(client: PrefectClient, now: datetime) -> datetime | None:
    """Return when the server will start the next beat; None if it has scheduled none."""
    deployment = await find(client, RHYTHM)
    if deployment is None:
        return None
    runs = await _scheduled(client, deployment)
    times = [run.expected_start_time for run in runs if run.expected_start_time and not _passed(run, now)]
    return min(times, default=None)


async def _scheduled(client: PrefectClient, deployment: DeploymentResponse) -> list[FlowRun]:
    return await client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id])),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))
        ),
    )


def _passed(run: FlowRun, now: datetime) -> bool:
    return run.expected_start_time is not None and run.expected_start_time <= now
