"""What makes beats come, on the server: read, and repaired."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolUpdate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType, WorkPool
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound

from deployments.diagnosis import Facts, Repair
from deployments.worker import pool
from flows.memory import hold_variables, naming
from tasks.settings.rhythm_toml import Settings


async def facts(
    client: PrefectClient, settings: Settings, now: datetime, *, has_worker: bool = True
) -> Facts:
    """Return what the server knows of the beats that are to come.

    Raises:
        httpx.HTTPError: it does not answer, or not well.
    """
    try:
        work_pool = await client.read_work_pool(naming.pool(settings))
    except ObjectNotFound:
        return Facts(now, has_pool=False, has_worker=has_worker)
    deployment = await pool.find(client, pool.rhythm(settings))
    if deployment is None:
        return Facts(now, is_deployed=False, has_worker=has_worker)
    holds = await hold_variables.read(client, settings)
    held = holds.all.describe(now, settings.zone) if holds.all and not holds.all.is_over(now) else ""
    active = [each.schedule for each in deployment.schedules if each.active]
    intervals = [each.interval for each in active if isinstance(each, IntervalSchedule)]
    return Facts(
        now,
        paused=await _paused(client, deployment, work_pool),
        held=held,
        has_schedule=bool(deployment.schedules),
        # Of several, the shortest; but what the user has by a calendar comes when that has it.
        interval=min(intervals) if intervals and len(intervals) == len(active) else None,
        next_beat=await _next_beat(client, deployment),
        has_worker=has_worker,
        is_under_way=await _first(client, deployment, StateType.RUNNING, StateType.PENDING) is not None,
    )


async def repair(client: PrefectClient, settings: Settings, how: Repair, now: datetime, log: Path) -> None:
    """Make beats come again, and ask for one at once. `log` is of what deploys.

    Raises:
        DeployError: it cannot be deployed.
        httpx.HTTPError: the server does not answer, or not well.
    """
    if how is Repair.DEPLOY:
        await pool.make_pool(client, settings)
        await deploy(client, settings, log)
    elif how is Repair.SCHEDULE_ANEW and (deployment := await pool.find(client, pool.rhythm(settings))):
        await _replace_schedules(client, deployment)
    await schedule_runs(client, settings)
    await beat_unless_paused(client, settings, now)


async def deploy(client: PrefectClient, settings: Settings, log: Path) -> None:
    """Deploy all that there is to deploy; what somebody has paused, which that would resume, stays paused.

    Raises:
        DeployError: it could not; with the end of what the command said.
    """
    before = {each.id: each for each in await pool.deployments(client, settings)}
    await pool.deploy(client, settings, log)
    for each in await pool.deployments(client, settings):
        if each.id in before:
            await _pause_as(client, before[each.id], each)


async def _pause_as(client: PrefectClient, before: DeploymentResponse, after: DeploymentResponse) -> None:
    """Pause a deployment, and its schedules, as they were paused before."""
    if before.paused:  # which also takes away what was scheduled meanwhile
        await client.pause_deployment(after.id)
    switched_off = {each.slug for each in before.schedules if not each.active}
    for each in after.schedules:
        if each.slug in switched_off and each.active:
            await client.update_deployment_schedule(after.id, each.id, active=False)


async def beat_unless_paused(client: PrefectClient, settings: Settings, now: datetime) -> str:
    """Ask for a beat at once, unless somebody has paused them; return what is paused."""
    found = await facts(client, settings, now)
    if found.is_deployed and not found.paused:
        await pool.beat_now(client, settings)
    return found.paused


async def schedule_runs(client: PrefectClient, settings: Settings) -> None:
    """Have the server schedule the beats of the coming hours now; those that it has stay.

    By itself it looks once in a minute, and after its clock was set back not before the old time is reached.
    """
    if deployment := await pool.find(client, pool.rhythm(settings)):
        await client.request("POST", "/deployments/{id}/schedule", path_params={"id": deployment.id}, json={})


async def _replace_schedules(client: PrefectClient, deployment: DeploymentResponse) -> None:
    """Put new schedules in the place of the active ones, with which go the runs that they have scheduled.

    A run is named after its schedule and its time: what ran before the clock was set back is there already,
    and would not be scheduled again by the same schedule.
    """
    for old in deployment.schedules:
        if old.active:
            await client.delete_deployment_schedule(deployment.id, old.id)
            new = DeploymentScheduleCreate(
                schedule=old.schedule,
                max_scheduled_runs=old.max_scheduled_runs,
                parameters=old.parameters,
                slug=old.slug,
            )
            await client.create_deployment_schedules(deployment.id, [new])


async def resume(client: PrefectClient, settings: Settings) -> list[str]:
    """Resume all that somebody has paused of what makes beats come; return what that was.

    Raises:
        httpx.HTTPError: the server does not answer, or not well.
    """
    resumed: list[str] = []
    deployment = await pool.find(client, pool.rhythm(settings))
    with suppress(ObjectNotFound):
        work_pool = await client.read_work_pool(naming.pool(settings))
        while deployment and (what := await _paused(client, deployment, work_pool)) and what not in resumed:
            await _resume(client, deployment, work_pool)
            resumed.append(what)
            deployment = await pool.find(client, pool.rhythm(settings))
            work_pool = await client.read_work_pool(naming.pool(settings))
    if resumed:
        await schedule_runs(client, settings)
    return resumed


async def _resume(client: PrefectClient, deployment: DeploymentResponse, work_pool: WorkPool) -> None:
    """Resume the first that is paused, in the order of `_paused`."""
    if deployment.paused:
        await client.resume_deployment(deployment.id)
    elif deployment.schedules and not any(schedule.active for schedule in deployment.schedules):
        for each in deployment.schedules:
            await client.update_deployment_schedule(deployment.id, each.id, active=True)
    elif work_pool.is_paused:
        await client.update_work_pool(work_pool.name, WorkPoolUpdate(is_paused=False))
    elif deployment.work_queue_id:
        await client.update_work_queue(deployment.work_queue_id, is_paused=False)


async def _paused(client: PrefectClient, deployment: DeploymentResponse, work_pool: WorkPool) -> str:
    """Return what somebody has paused; "" if nothing is."""
    if deployment.paused:
        return "its deployment"
    if deployment.schedules and not any(schedule.active for schedule in deployment.schedules):
        return "its schedule"
    if work_pool.is_paused:
        return f"the work pool {work_pool.name}"
    if deployment.work_queue_id and (await client.read_work_queue(deployment.work_queue_id)).is_paused:
        return f"the work queue {deployment.work_queue_name}"
    return ""


async def _next_beat(client: PrefectClient, deployment: DeploymentResponse) -> datetime | None:
    first = await _first(client, deployment, StateType.SCHEDULED)
    return first.next_scheduled_start_time if first else None


async def _first(client: PrefectClient, deployment: DeploymentResponse, *states: StateType) -> FlowRun | None:
    """Return the beat that is first by its scheduled time, of those in these states."""
    found = await client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id])),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states)))
        ),
        sort=FlowRunSort.NEXT_SCHEDULED_START_TIME_ASC,
        limit=1,
    )
    return found[0] if found else None
