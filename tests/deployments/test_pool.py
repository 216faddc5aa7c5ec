"""The pool that `rhythm up` makes, on a real server."""

from __future__ import annotations

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.workers.process import ProcessWorker

from deployments.pool import POOL, make_pool


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
