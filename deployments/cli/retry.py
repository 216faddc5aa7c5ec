"""`rhythm retry`: a group whose last run failed, again now; or only what is left of it."""

from __future__ import annotations

from prefect.client.orchestration import PrefectClient

from deployments.cli import console
from deployments.cli.group_run import Wanted
from deployments.cli.run_now import run_now
from flows import clock
from flows.decisions import timestamps
from flows.decisions.group_runs import Run
from flows.group import GroupOptions
from flows.memory import history, unfinished
from flows.rhythm import known_groups
from tasks.outcome import Outcome
from tasks.problem import CommandError
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings


def run(*, group: str, failed: bool, json: bool) -> int:
    """Run it, and show how it goes. Return 0 if it completed, else 1.

    Raises:
        ConfigError: rhythm.toml cannot be used, or there is no such group.
        CommandError: its last run did not fail; there is no server, or nobody could run it.
    """
    settings = config.load()
    known_groups([group], settings, where="retry")

    async def again(client: PrefectClient) -> Wanted:
        return Wanted(group, await _options(client, group, settings, failed=failed, json=json))

    return run_now(Wanted(group, GroupOptions()), settings, json=json, choose=again)


async def _options(
    client: PrefectClient, group: str, settings: Settings, *, failed: bool, json: bool
) -> GroupOptions:
    """Return what is to run again: all of the group's steps, or those that are left to do.

    Raises:
        CommandError: the group has not failed.
    """
    last = await history.last(client, settings, [group])
    if last is None:
        raise CommandError(f"{group} has never run. `rhythm run {group}` runs it.")
    if fault := refusal(group, history.as_run(last), settings):
        raise CommandError(fault)
    if not failed:
        return GroupOptions()
    left = await unfinished.of_run(client, settings.groups[group], last)
    if not left:
        raise CommandError(f"no step of {group} has failed. `rhythm retry {group}` runs all of them again.")
    if not json:
        console.say(f"{group}: again {', '.join(left)}")
    return GroupOptions(only=list(left), counts=True)


def refusal(group: str, last: Run, settings: Settings) -> str:
    """Return why a group is not to be tried again, given its last run; "" if it is."""
    at = timestamps.clock(last.started, settings.zone, clock.now())
    if last.outcome is None:
        return f"{group} is running since {at}. `rhythm logs {group} -f` shows it."
    if last.outcome is Outcome.COMPLETED:
        return f"{group} has not failed: it completed at {at}. `rhythm run {group}` runs it again."
    return ""
