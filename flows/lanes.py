"""Starts groups of other lanes than `main`, each as a run of its deployment, and goes on.

A lane is a work queue of the rhythm's pool: who takes runs from it, and where, is the worker's business.
"""

from __future__ import annotations

from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound

from flows.group import GroupOptions, group_flow
from flows.memory import naming
from flows.memory.naming import flow_name
from tasks.settings.groups import MAIN
from tasks.settings.project import ENTRY
from tasks.settings.rhythm_toml import Settings


async def start(
    client: PrefectClient, settings: Settings, group: str, beat: UUID, options: GroupOptions
) -> FlowRun:
    """Ask for a run of a group in its lane. `beat` is the id of the deployment by which the beat itself runs.

    Raises:
        httpx.HTTPError: Prefect did not take it.
    """
    deployment = await _deployment(client, settings, group, await client.read_deployment(beat))
    lane = settings.groups[group].lane
    return await client.create_flow_run_from_deployment(
        deployment,
        parameters={"options": options.model_dump(exclude_defaults=True)},
        work_queue_name=None if lane == MAIN else lane,
    )


async def _deployment(
    client: PrefectClient, settings: Settings, group: str, beat: DeploymentResponse
) -> UUID:
    """Return the id of the group's deployment; one that is not there is made as the beat's own is."""
    flow = flow_name(group)
    name = naming.deployment(settings, flow)
    try:
        return (await client.read_deployment_by_name(f"{flow}/{name}")).id
    except ObjectNotFound:
        made = group_flow(group)
        return await client.create_deployment(
            await client.create_flow(made),
            name=name,
            description=made.description,
            entrypoint=f"{ENTRY}.{group}",
            path=beat.path,
            pull_steps=beat.pull_steps,
            version=beat.version,
            tags=beat.tags,
            work_pool_name=beat.work_pool_name,
        )
