"""Runs that are under way by Prefect, and by nobody else: which are, and whose."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.states import Pending
from prefect.states import Running as RunningState

from flows import clock
from flows.group import group_flow
from flows.memory import naming, stale
from tasks.machine_id import machine_id
from tasks.settings.rhythm_toml import Settings
from tests.conftest import MakeSettings

#: A pid that no process has.
GONE = 2**22 - 1

WithGroups = Callable[..., Settings]


@pytest.fixture
def with_groups(
    make_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_api: str
) -> WithGroups:
    """Make the test's rhythm one that has these groups."""
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))

    def make(*groups: str, name: str = "rhythm") -> Settings:
        tables = "".join(f'[groups.{group}]\nevery = "1d"\nsteps = ["check_health"]\n' for group in groups)
        return make_settings(f'name = "{name}"\n{tables}')

    return make


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no SIGKILL; a killed run is shown end to end"
)
async def test_a_run_whose_process_was_killed_is_set_crashed_and_others_are_not(
    with_groups: WithGroups,
) -> None:
    settings = with_groups("stale_dead", "stale_alive")
    sleeper = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE
    )
    async with get_client() as client:
        runs = {}
        for name, pid in (("dead", sleeper.pid), ("alive", os.getpid())):
            run = await client.create_flow_run(group_flow(f"stale_{name}"), state=RunningState())
            await stale.claim(client, run.id, settings, pid)
            runs[name] = run
        assert await crashed(client, settings, clock.now()) == []

        os.kill(sleeper.pid, signal.SIGKILL)
        await sleeper.wait()

        assert await crashed(client, settings, clock.now()) == [runs["dead"].name]
        assert await state(client, runs["dead"].id) == "Crashed"
        assert await state(client, runs["alive"].id) == "Running"

        # This process is alive, and yet nobody runs it any more.
        stale.executed(runs["alive"].id)
        assert await crashed(client, settings, clock.now()) == [runs["alive"].name]


async def test_a_run_that_nobody_has_begun_is_given_time_for_that(with_groups: WithGroups) -> None:
    settings = with_groups("pends")
    async with get_client() as client:
        run = await client.create_flow_run(group_flow("pends"), state=Pending())

        assert await crashed(client, settings, clock.now()) == []
        assert await crashed(client, settings, too_late()) == [run.name]


async def test_a_run_that_only_a_worker_has_taken_is_known_by_its_deployment(
    with_groups: WithGroups,
) -> None:
    settings = with_groups("taken", name="of-one")
    async with get_client() as client:
        flow_id = await client.create_flow_from_name("taken")
        ours, another = naming.pool(settings), "of-another"
        runs = {}
        for pool in (ours, another):
            await client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
            made = await client.create_deployment(flow_id, name=pool, work_pool_name=pool)
            runs[pool] = await client.create_flow_run_from_deployment(made, state=Pending())

        assert await crashed(client, settings, too_late()) == [runs[ours].name]
        assert await state(client, runs[another].id) == "Pending"


async def test_a_run_of_another_machine_is_its_own_to_clear_away(
    with_groups: WithGroups, tmp_path: Path
) -> None:
    here = with_groups("elsewhere")
    there = here.model_copy(update={"outputs_dir": tmp_path / "of-another-machine"})
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE
    )
    async with get_client() as client:
        run = await client.create_flow_run(group_flow("elsewhere"), state=RunningState())
        await stale.claim(client, run.id, there, owner.pid)
        owner.kill()
        await owner.wait()

        assert await crashed(client, here, too_late()) == []
        assert await state(client, run.id) == "Running"
        assert await crashed(client, there, too_late()) == [run.name]


async def test_a_machine_of_another_name_since_clears_away_its_own(
    with_groups: WithGroups, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = with_groups("renamed")
    async with get_client() as client:
        run = await client.create_flow_run(group_flow("renamed"), state=RunningState())
        await note_owner(client, run.id, machine_id(settings.outputs_dir))
        monkeypatch.setattr("socket.gethostname", lambda: "renamed-since")

        assert await crashed(client, settings, clock.now()) == [run.name]


async def test_what_a_users_flow_of_a_groups_name_or_another_rhythm_runs_is_left_alone(
    with_groups: WithGroups,
) -> None:
    @flow(name="same-name")
    async def of_a_user() -> None: ...

    async with get_client() as client:
        with_groups("same_name", name="another")
        others = await client.create_flow_run(group_flow("same_name"), state=RunningState())
        users = await client.create_flow_run(of_a_user, state=RunningState())
        settings = with_groups("same_name")
        ours = await client.create_flow_run(group_flow("same_name"), state=RunningState())

        assert await crashed(client, settings, too_late()) == [ours.name]
        assert await state(client, others.id) == await state(client, users.id) == "Running"


def too_late() -> datetime:
    """A time by which what has been created so far should have begun."""
    return clock.now() + stale.STARTING + timedelta(seconds=1)


async def state(client: PrefectClient, run: UUID) -> str | None:
    return (await client.read_flow_run(run)).state_name


async def crashed(client: PrefectClient, settings: Settings, now: datetime) -> list[str]:
    return [run.name for run in await stale.crash_stale(client, settings, now)]


async def note_owner(client: PrefectClient, run: UUID, machine: str) -> None:
    """Note on a run that a process of a machine runs it which is gone."""
    owner: dict[str, bool | int | float | str] = {"rhythm.pid": GONE, "rhythm.created": 1.0}
    await client.update_flow_run_labels(run, owner | {"rhythm.host": machine})
