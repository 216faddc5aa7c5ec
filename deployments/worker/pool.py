"""The work pool and the deployments, as prefect.yaml names them: made, and looked at."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import DeploymentSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled

from deployments.server.temporary import PREFECT
from deployments.worker import prefect_yaml
from deployments.worker.code_version import code_versions
from flows.description import group_description
from flows.memory import naming
from flows.memory.naming import flow_name
from flows.memory.pages import PAGE, every
from tasks.files import atomic_file, private
from tasks.process.system import IN_UTF_8
from tasks.settings.name import DEFAULT
from tasks.settings.project import folder
from tasks.settings.rhythm_toml import Settings

_SET_FOLDER = "prefect.deployments.steps.set_working_directory"
#: Of the worker that runs nothing but this rhythm.
POOL_TYPE = "rhythm"


class DeployError(Exception):
    """The deployments cannot be made; the message says why."""


def rhythm(settings: Settings) -> str:
    """Return the name of the beat's deployment ("flow/deployment")."""
    return f"{naming.RHYTHM}/{naming.deployment(settings, naming.RHYTHM)}"


def deployment_names(settings: Settings) -> list[str]:
    """Return the names that are deployed: the rhythm, and the groups that may be run manually."""
    found = prefect_yaml.own(prefect_yaml.effective(settings))
    return [f"{flow_name(prefect_yaml.group_of(one))}/{one['name']}" for one in found]


async def make_pool(client: PrefectClient, settings: Settings) -> None:
    """Make the pool if it is not there, and undo what somebody has changed in its base job template.

    A pool `rhythm` of another type is made anew, as a type cannot be changed; its deployments find the new
    one by its name once they are deployed again. One of a name that the user has chosen may be theirs.

    Raises:
        DeployError: it is.
    """
    from prefect.workers.process import ProcessWorker  # which commands that only look have no use for

    template = ProcessWorker.get_default_base_job_template()
    pool = naming.pool(settings)
    with suppress(ObjectNotFound):
        kind = (await client.read_work_pool(pool)).type
        if kind == POOL_TYPE:
            await client.update_work_pool(pool, WorkPoolUpdate(base_job_template=template))
            return
        if pool != DEFAULT:
            raise DeployError(
                f"the server has a work pool {pool} already, of the type {kind}. "
                "Set another `name` in rhythm.toml, or delete that pool."
            )
        await client.delete_work_pool(pool)
    await client.create_work_pool(WorkPoolCreate(name=pool, type=POOL_TYPE, base_job_template=template))


async def outdated(client: PrefectClient, settings: Settings) -> list[dict[str, Any]]:
    """Return what is to be deployed and is not: to the pool, from this very code and rhythm.toml.

    So is one that somebody has changed into what the worker refuses.
    """
    versions, there = _versions(settings), await _by_entrypoint(client, settings)

    def is_as_wanted(one: dict[str, Any]) -> bool:
        found = there.get(_key(one))
        return found is not None and found.version == versions[_key(one)] and _is_own(found)

    return [one for one in prefect_yaml.own(prefect_yaml.effective(settings)) if not is_as_wanted(one)]


def _versions(settings: Settings) -> dict[tuple[str, str], str]:
    """Return the versions of what would be deployed now.

    A plain group's is of the code and of that group; all others' is one, which Prefect's command is given.
    """
    found = prefect_yaml.effective(settings)
    plain = prefect_yaml.plain_groups(found, settings)
    rest = [one for one in found["deployments"] if one not in plain]
    described = {name: group_description(name, settings) for name in settings.groups}
    declared = {_key(one): [one, described[prefect_yaml.group_of(one)]] for one in plain}
    customised = prefect_yaml.own({"deployments": rest})
    by_command = [
        found | {"deployments": rest},
        list(settings.groups),
        [described.get(prefect_yaml.group_of(one)) for one in customised],
    ]
    declared |= {_key(one): by_command for one in customised}
    texts = [json.dumps(each, default=str) for each in declared.values()]
    return dict(zip(declared, code_versions(texts), strict=True))


def _is_own(deployment: DeploymentResponse) -> bool:
    from deployments.worker.own_flow import ForeignError, own_flow  # which commands that only look do without

    try:
        own_flow(deployment)
    except ForeignError:
        return False
    return True


async def deploy(client: PrefectClient, settings: Settings, log: Path) -> None:
    """Deploy all that there is to deploy: plain groups as they are, all else with Prefect's own command.

    The command takes a second for each deployment, and knows all that a prefect.yaml may have.

    Raises:
        DeployError: it could not; with the end of what the command said.
    """
    found = prefect_yaml.effective(settings)
    groups = prefect_yaml.plain_groups(found, settings)
    rest = [one for one in found["deployments"] if one not in groups]
    beat = prefect_yaml.own({"deployments": rest})[0]  # of all that the command deploys, it is the version
    await _deploy_by_command(found | {"deployments": rest}, _versions(settings)[_key(beat)], log)
    await deploy_groups(client, settings, await outdated(client, settings))


async def deploy_groups(client: PrefectClient, settings: Settings, some: list[dict[str, Any]]) -> None:
    """Deploy those that are plain of some groups' deployments."""
    versions, there = _versions(settings), await _by_entrypoint(client, settings)
    for one in prefect_yaml.plain_groups(prefect_yaml.effective(settings), settings):
        if one in some:
            await _deploy_group(client, one, there.get(_key(one)), versions[_key(one)], settings)


async def _deploy_group(
    client: PrefectClient,
    one: dict[str, Any],
    there: DeploymentResponse | None,
    version: str,
    settings: Settings,
) -> None:
    """Make a group's deployment as Prefect's command does, or change the one that is `there`.

    Its schedules, its pause and the runs that wait stay as they are then.
    """
    from deployments.worker.own_flow import flow_at

    flow = flow_at(one["entrypoint"])
    if flow is None:  # rhythm.toml has changed just now
        return
    fields: dict[str, Any] = {
        "version": version,
        "description": flow.description,
        "tags": one.get("tags", []),
        "entrypoint": one["entrypoint"],
        "pull_steps": [{_SET_FOLDER: {"directory": str(folder().resolve())}}],
        "work_pool_name": naming.pool(settings),
        "parameter_openapi_schema": flow.parameters.model_dump(exclude_unset=True),
    }
    if there:
        await client.update_deployment(there.id, DeploymentUpdate(path=None, job_variables={}, **fields))
    else:
        await client.create_deployment(await client.create_flow(flow), name=one["name"], **fields)


async def _deploy_by_command(deployed: dict[str, Any], version: str, log: Path) -> None:
    path = log.with_suffix(".yaml")
    atomic_file.write_text(path, yaml.safe_dump(deployed, sort_keys=False))
    process = await asyncio.create_subprocess_exec(
        *PREFECT,
        "--no-prompt",
        "deploy",
        "--all",
        "--prefect-file",
        str(path),
        cwd=folder(),
        env={**os.environ, **IN_UTF_8, prefect_yaml.VARIABLE: version},
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


async def missing(client: PrefectClient, settings: Settings) -> list[str]:
    """Return which of the deployments the server does not have."""
    return [name for name in deployment_names(settings) if await find(client, name) is None]


async def deployments(client: PrefectClient, settings: Settings) -> list[DeploymentResponse]:
    """Return all deployments of the pool, whoever has made them."""
    ours = WorkPoolFilter(name=WorkPoolFilterName(any_=[naming.pool(settings)]))
    return await every(
        lambda offset: client.read_deployments(
            work_pool_filter=ours, limit=PAGE, offset=offset, sort=DeploymentSort.NAME_ASC
        )
    )


async def _by_entrypoint(
    client: PrefectClient, settings: Settings
) -> dict[tuple[str, str], DeploymentResponse]:
    """Return the deployments of the pool by name and entrypoint: of its flow, one has only the id."""
    return {(one.name, one.entrypoint or ""): one for one in await deployments(client, settings)}


def _key(one: dict[str, Any]) -> tuple[str, str]:
    return str(one["name"]), str(one["entrypoint"])


async def find(client: PrefectClient, name: str) -> DeploymentResponse | None:
    """Return the deployment called `name` ("flow/deployment"), if the server has it."""
    try:
        return await client.read_deployment_by_name(name)
    except ObjectNotFound:
        return None


async def beat_now(client: PrefectClient, settings: Settings) -> FlowRun:
    """Ask for a beat at once, through the worker."""
    deployment = await client.read_deployment_by_name(rhythm(settings))
    return await client.create_flow_run_from_deployment(deployment.id)


async def cancel_missed(client: PrefectClient, settings: Settings, now: datetime) -> int:
    """Cancel the beats whose time has passed without a worker; return how many.

    One beat makes up for all of them; started one after another, they would only cost.
    """
    deployment = await find(client, rhythm(settings))
    if deployment is None:
        return 0
    missed = [run for run in await _scheduled(client, deployment) if _passed(run, now)]
    for run in missed:
        state: Any = Cancelled(message="Missed: no worker was there. The next beat makes up for it.")
        await client.set_flow_run_state(run.id, state, force=True)
    return len(missed)


async def _scheduled(client: PrefectClient, deployment: DeploymentResponse) -> list[FlowRun]:
    scheduled = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))
    return await every(
        lambda offset: client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id])),
            flow_run_filter=FlowRunFilter(state=scheduled),
            limit=PAGE,
            offset=offset,
        )
    )


def _passed(run: FlowRun, now: datetime) -> bool:
    return run.expected_start_time is not None and run.expected_start_time <= now
