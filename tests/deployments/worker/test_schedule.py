"""What makes beats come, read from a real server and repaired there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.responses import DeploymentResponse

from deployments.diagnosis import Repair, diagnose
from deployments.worker import pool, schedule
from flows import clock
from flows.decisions.holds import Pause
from flows.decisions.slots import BEAT
from flows.memory import hold_variables
from tasks.settings.rhythm_toml import Settings
from tests.conftest import MakeSettings


@pytest.fixture
def settings(make_settings: MakeSettings) -> Settings:
    return make_settings('name = "scheduled"\n[groups.one]\nevery = "1h"\nsteps = ["check_health"]')


@pytest.fixture
async def client(prefect_api: str, settings: Settings) -> AsyncIterator[PrefectClient]:
    async with get_client() as client:
        yield client
        for one in await pool.deployments(client, settings):
            await client.delete_deployment(one.id)
        await client.delete_work_pool(settings.name)


async def _deployment(client: PrefectClient, settings: Settings) -> DeploymentResponse:
    found = await pool.find(client, pool.rhythm(settings))
    assert found
    return found


async def _asked(client: PrefectClient, settings: Settings) -> int:
    """How many beats somebody has asked for, and no schedule."""
    ours = DeploymentFilter(id=DeploymentFilterId(any_=[(await _deployment(client, settings)).id]))
    runs = await client.read_flow_runs(deployment_filter=ours)
    return sum(run.state_type is StateType.SCHEDULED and not run.auto_scheduled for run in runs)


async def test_whatever_is_missing_is_found_and_made_and_what_is_paused_stays_paused(
    client: PrefectClient, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))

    async def why() -> str:
        found = diagnose(await schedule.facts(client, settings, clock.now()))
        return found.why if found else ""

    async def repair(how: Repair) -> None:
        await schedule.repair(client, settings, how, clock.now(), tmp_path / "deploy.log")

    assert await why() == "the work pool is gone"
    await pool.make_pool(client, settings)
    assert await why() == "the rhythm is not deployed"
    await repair(Repair.DEPLOY)
    found = await schedule.facts(client, settings, clock.now())
    assert (found.interval, found.has_schedule, found.paused, await why()) == (BEAT, True, "", "")
    assert await _asked(client, settings) == 1

    # What stands in the way of beats goes, with the schedule that it is of.
    deployment = await _deployment(client, settings)
    (first,) = deployment.schedules
    await repair(Repair.SCHEDULE_ANEW)
    (second,) = (await _deployment(client, settings)).schedules
    assert first.id != second.id
    assert (first.schedule, first.slug) == (second.schedule, second.slug)
    assert await why() == ""

    # Paused, by each way that Prefect has; to deploy again resumes nothing, and no beat is asked for.
    asked = await _asked(client, settings)
    await client.update_deployment_schedule(deployment.id, second.id, active=False)
    assert await why() == "its schedule is paused"
    await client.pause_deployment(deployment.id)
    assert await why() == "its deployment is paused"
    await repair(Repair.DEPLOY)
    assert await why() == "its deployment is paused"
    await client.resume_deployment(deployment.id)
    assert await why() == "its schedule is paused"
    await client.update_deployment_schedule(deployment.id, second.id, active=True)
    await schedule.schedule_runs(client, settings)
    assert await why() == ""

    await client.update_work_pool(settings.name, WorkPoolUpdate(is_paused=True))
    assert await why() == f"the work pool {settings.name} is paused"
    assert await schedule.beat_unless_paused(client, settings, clock.now())
    await client.update_work_pool(settings.name, WorkPoolUpdate(is_paused=False))
    assert await _asked(client, settings) == asked

    assert deployment.work_queue_id
    await client.update_work_queue(deployment.work_queue_id, is_paused=True)
    assert await why() == f"the work queue {deployment.work_queue_name} is paused"
    await client.update_work_queue(deployment.work_queue_id, is_paused=False)

    # All of them at once are resumed by one command, and what a command has paused is shown like them.
    await client.update_deployment_schedule(deployment.id, second.id, active=False)
    await client.update_work_pool(settings.name, WorkPoolUpdate(is_paused=True))
    await client.update_work_queue(deployment.work_queue_id, is_paused=True)
    await client.pause_deployment(deployment.id)
    assert await schedule.resume(client, settings) == [
        "its deployment",
        "its schedule",
        f"the work pool {settings.name}",
        f"the work queue {deployment.work_queue_name}",
    ]
    assert await schedule.resume(client, settings) == []
    assert await why() == ""
    await hold_variables.pause(client, settings, None, Pause())
    assert await why() == "by `rhythm pause`, until `rhythm resume`"
    await hold_variables.resume(client, settings, None)

    await client.delete_deployment_schedule(deployment.id, second.id)
    assert await why() == "its deployment has no schedule"
