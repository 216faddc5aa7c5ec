"""The pool that `rhythm up` makes, on a real server."""

from __future__ import annotations

from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate, WorkPoolUpdate
from prefect.workers.process import ProcessWorker

from deployments.pool import POOL, deploy, find, is_deployed, make_pool


async def test_a_pool_of_another_type_is_made_anew_and_edits_of_its_template_are_undone(
    prefect_api: str,
) -> None:
    untouched = ProcessWorker.get_default_base_job_template()
    edited = ProcessWorker.get_default_base_job_template()
    edited["variables"]["properties"]["command"]["default"] = "id"
    async with get_client() as client:
        await client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
        try:
            await make_pool(client)
            made = await client.read_work_pool(POOL)
            await client.update_work_pool(POOL, WorkPoolUpdate(base_job_template=edited))
            await make_pool(client)
            kept = await client.read_work_pool(POOL)
        finally:
            await client.delete_work_pool(POOL)

    assert (made.type, made.base_job_template) == ("rhythm", untouched)
    assert (kept.id, kept.base_job_template) == (made.id, untouched)


async def test_a_deployment_that_somebody_has_changed_is_deployed_again(
    prefect_api: str, tmp_path: Path
) -> None:
    async with get_client() as client:
        await make_pool(client)
        try:
            await deploy(tmp_path / "deploy.log")
            assert await is_deployed(client)
            found = await find(client, "health-check/health-check")
            assert found
            await client.update_deployment(found.id, DeploymentUpdate(entrypoint="evil.py:main"))

            assert not await is_deployed(client)
            await deploy(tmp_path / "deploy.log")
            assert await is_deployed(client)
        finally:
            await client.delete_work_pool(POOL)
