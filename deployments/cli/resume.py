"""`rhythm resume`: ends pauses, however they were made; of a group, a skip as well."""

from __future__ import annotations

import asyncio

from prefect.client.orchestration import PrefectClient

from deployments.cli import console
from deployments.cli.own_server import own_client
from deployments.worker import schedule
from flows import clock
from flows.memory import hold_variables
from flows.rhythm import known_groups
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings


def run(*, group: str | None, json: bool) -> int:
    """Resume a group, or all that is paused, and print what that was. Return 0, also if there was nothing.

    Raises:
        ConfigError: rhythm.toml cannot be used, or there is no such group.
        CommandError: there is no server.
    """
    settings = config.load()
    known_groups([group] if group else [], settings, where="resume")
    resumed, note = asyncio.run(_resume(settings, group))
    if json:
        console.show_json({"resumed": resumed, "note": note or None})
        return 0
    for each in resumed:
        console.say(f"resumed: {each}")
    if not resumed:
        console.say(f"{group} was not paused" if group else "nothing was paused")
    if note:
        console.warning(note)
    return 0


async def _resume(settings: Settings, group: str | None) -> tuple[list[str], str]:
    """Return what was resumed, and what keeps it from running all the same."""
    async with own_client(settings) as client:
        if group is None:
            return await _all(client, settings), ""
        return await _one(client, settings, group)


async def _all(client: PrefectClient, settings: Settings) -> list[str]:
    resumed, holds = [], await hold_variables.read(client, settings)
    if holds.all:
        await hold_variables.resume(client, settings, None)
        resumed.append("all groups")
    for group in holds.groups:
        await hold_variables.resume(client, settings, group)
        resumed.append(group)
    return [*resumed, *(f"{each}, in Prefect" for each in await schedule.resume(client, settings))]


async def _one(client: PrefectClient, settings: Settings, group: str) -> tuple[list[str], str]:
    resumed, holds = [], await hold_variables.read(client, settings)
    if group in holds.groups:
        await hold_variables.resume(client, settings, group)
        resumed.append(group)
    if group in holds.skips:
        await hold_variables.unskip(client, settings, group)
        resumed.append(f"{group}, whose slot was left out")
    note = ""
    if holds.all and not holds.all.is_over(clock.now()):
        note = f"{group} does not run all the same: all groups are paused. `rhythm resume` ends that."
    elif not settings.groups[group].enabled:
        note = f"{group} does not run all the same: it has enabled = false in rhythm.toml."
    return resumed, note
