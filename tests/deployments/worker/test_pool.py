"""The pool that `rhythm up` makes, on a real server."""

from __future__ import annotations

from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate, WorkPoolUpdate
from prefect.workers.process import ProcessWorker

from deployments.worker.pool import (
    DeployError,
    deploy,
    deployment_names,
    find,
    make_pool,
    outdated,
)
from tasks.settings.rhythm_toml import Settings
from tests.flows.rhythms import rhythm as plain

PLAIN = plain()
HOME = PLAIN.model_copy(update={"name": "home"})
POOL = "rhythm"

OURS = """
deployments:
  - {name: rhythm, entrypoint: rhythm_entry.rhythm}
  - {name: mine, entrypoint: mine.py:mine}
"""


def test_each_group_of_rhythm_toml_has_a_deployment_and_what_the_folders_file_has_besides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))
    assert len(deployment_names(PLAIN)) == 6
    (tmp_path / "prefect.yaml").write_text(OURS, encoding="utf-8")
    one = plain(groups={"one_more": {"every": "1h"}})

    assert deployment_names(one) == ["rhythm/rhythm", "one-more/one-more"]
    assert deployment_names(one.model_copy(update={"name": "home"})) == ["rhythm/home", "one-more/home"]


async def test_a_pool_of_another_type_is_made_anew_and_edits_of_its_template_are_undone(
    prefect_api: str,
) -> None:
    untouched = ProcessWorker.get_default_base_job_template()
    edited = ProcessWorker.get_default_base_job_template()
    edited["variables"]["properties"]["command"]["default"] = "id"
    async with get_client() as client:
        await client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
        try:
            await make_pool(client, PLAIN)
            made = await client.read_work_pool(POOL)
            await client.update_work_pool(POOL, WorkPoolUpdate(base_job_template=edited))
            await make_pool(client, PLAIN)
            kept = await client.read_work_pool(POOL)
        finally:
            await client.delete_work_pool(POOL)

    assert (made.type, made.base_job_template) == ("rhythm", untouched)
    assert (kept.id, kept.base_job_template) == (made.id, untouched)


async def test_a_deployment_that_somebody_has_changed_is_deployed_again(
    prefect_api: str, tmp_path: Path
) -> None:
    async with get_client() as client:
        await make_pool(client, PLAIN)
        try:
            await deploy(client, PLAIN, tmp_path / "deploy.log")
            assert not await outdated(client, PLAIN)
            found = await find(client, "health-check/health-check")
            assert found
            await client.update_deployment(found.id, DeploymentUpdate(entrypoint="evil.py:main"))

            assert await outdated(client, PLAIN)
            await deploy(client, PLAIN, tmp_path / "deploy.log")
            assert not await outdated(client, PLAIN)
        finally:
            await client.delete_work_pool(POOL)


@pytest.mark.parametrize("settings", [PLAIN, HOME], ids=lambda settings: settings.name)
async def test_what_is_deployed_has_the_rhythms_names_and_is_found_by_them(
    prefect_api: str, tmp_path: Path, settings: Settings
) -> None:
    async with get_client() as client:
        await make_pool(client, settings)
        try:
            await deploy(client, settings, tmp_path / "deploy.log")

            assert not await outdated(client, settings)
            names = deployment_names(settings)
            assert len(names) == 6
            for name in names:
                found = await find(client, name)
                assert found
                assert (found.work_pool_name, found.tags) == (settings.name, [settings.name])
                await client.delete_deployment(found.id)
        finally:
            await client.delete_work_pool(settings.name)


async def test_a_pool_of_the_users_that_is_called_so_is_not_taken(prefect_api: str) -> None:
    settings = PLAIN.model_copy(update={"name": "of-a-user"})
    async with get_client() as client:
        made = await client.create_work_pool(WorkPoolCreate(name="of-a-user", type="process"))

        with pytest.raises(DeployError, match=r"has a work pool of-a-user already.*Set another `name`"):
            await make_pool(client, settings)

        assert (await client.read_work_pool("of-a-user")).id == made.id
