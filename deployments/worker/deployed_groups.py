"""Keeps the deployments on the server in step with rhythm.toml: each group has one, and no other has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound

from deployments.worker import pool, prefect_yaml, schedule
from deployments.worker.own_flow import code_elsewhere
from flows.memory import naming
from flows.memory.naming import flow_name
from tasks.settings.project import ENTRY
from tasks.settings.rhythm_toml import Settings


async def update(client: PrefectClient, settings: Settings, log: Path, say: Callable[[str], None]) -> None:
    """Bring prefect.yaml and the server up to date, if they are not. `log` is of what deploys.

    Raises:
        DeployError: it could not be deployed; with the end of what Prefect's command said.
    """
    for news in prefect_yaml.update(settings):
        say(news)
    outdated = await pool.outdated(client, settings)
    plain = prefect_yaml.plain_groups(prefect_yaml.effective(settings), settings)
    if any(one not in plain for one in outdated):
        say("deploying the rhythm and its groups")
        await schedule.deploy(client, settings, log)
    elif outdated:
        say(f"deploying {prefect_yaml.listed([prefect_yaml.group_of(one) for one in outdated])}")
        await pool.deploy_groups(client, settings, outdated)
    for name in await delete_others(client, settings):
        say(f"deleted the deployment {name}: rhythm.toml has no such group any more")


async def delete_others(client: PrefectClient, settings: Settings) -> list[str]:
    """Delete this rhythm's deployments of groups that rhythm.toml does not have; return their names.

    Their runs stay, and so do all deployments that Rhythm has not made itself.
    """
    deleted = []
    for one in await pool.deployments(client, settings):
        if group := _group_of_another_time(one, settings):
            flow = (await client.read_flow(one.flow_id)).name
            if flow == flow_name(group):
                try:
                    await client.delete_deployment(one.id)
                except ObjectNotFound:
                    continue  # somebody was quicker
                deleted.append(f"{flow}/{one.name}")
    return sorted(deleted)


def _group_of_another_time(one: DeploymentResponse, settings: Settings) -> str:
    """Return the group that rhythm.toml had when this rhythm deployed it so; "" for all that stays.

    It is in this rhythm's pool, has the name that this rhythm gives and an entrypoint of a group, and runs
    the code in this folder. That is all that a person could not have meant otherwise.
    """
    group = (one.entrypoint or "").removeprefix(f"{ENTRY}.")
    is_deployed_so = (one.entrypoint, one.name) == (
        f"{ENTRY}.{group}",
        naming.deployment(settings, flow_name(group)),
    )
    is_wanted = group == naming.RHYTHM or group in settings.groups
    return group if is_deployed_so and not is_wanted and not code_elsewhere(one) else ""
