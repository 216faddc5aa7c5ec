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
    is_deployed,
    make_pool,
    named,
    prefect_yaml,
)
from tasks.settings.project import DEFAULTS
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


def test_the_prefect_yaml_of_the_folder_counts_if_it_deploys_the_rhythm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))
    (tmp_path / "prefect.yaml").write_text(OURS, encoding="utf-8")

    assert prefect_yaml() == tmp_path / "prefect.yaml"
    assert deployment_names(PLAIN) == ["rhythm/rhythm"]
    assert deployment_names(HOME) == ["rhythm/home"]


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "not: [yaml",
        "deployments: 1",
        "deployments: [1]",
        "deployments: [{name: mine, entrypoint: mine.py:mine}]",
        "deployments: [{name: rhythm, entrypoint: mine.py:rhythm}]",
        "deployments: [{entrypoint: rhythm_entry.rhythm}]",
    ],
)
def test_any_other_prefect_yaml_is_left_to_the_user(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))
    if text is not None:
        (tmp_path / "prefect.yaml").write_text(text, encoding="utf-8")

    assert prefect_yaml() == DEFAULTS / "prefect.yaml"
    assert len(deployment_names(PLAIN)) == 6


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
            await deploy(tmp_path / "deploy.log", PLAIN)
            assert await is_deployed(client, PLAIN)
            found = await find(client, "health-check/health-check")
            assert found
            await client.update_deployment(found.id, DeploymentUpdate(entrypoint="evil.py:main"))

            assert not await is_deployed(client, PLAIN)
            await deploy(tmp_path / "deploy.log", PLAIN)
            assert await is_deployed(client, PLAIN)
        finally:
            await client.delete_work_pool(POOL)


def test_a_rhythm_with_a_name_has_it_wherever_the_plain_one_has_its_own() -> None:
    users = {"name": "rhythm", "entrypoint": "mine.py:mine", "work_pool": {"name": "rhythm"}}
    nightly = {"name": "nightly", "entrypoint": "rhythm_entry.health_check", "work_pool": {"name": "big"}}
    ours = {
        "name": "health-check",
        "entrypoint": "rhythm_entry.health_check",
        "work_pool": {"name": "rhythm"},
        "tags": ["rhythm", "mine"],
    }
    written = {"name": "a folder", "deployments": [users, nightly, ours]}

    assert named(written, PLAIN) == written
    assert named(written, HOME)["deployments"] == [
        users,
        nightly,
        ours | {"name": "home", "work_pool": {"name": "home"}, "tags": ["home", "mine"]},
    ]


@pytest.mark.parametrize("settings", [PLAIN, HOME], ids=lambda settings: settings.name)
async def test_what_is_deployed_has_the_rhythms_names_and_is_found_by_them(
    prefect_api: str, tmp_path: Path, settings: Settings
) -> None:
    async with get_client() as client:
        await make_pool(client, settings)
        try:
            await deploy(tmp_path / "deploy.log", settings)

            assert await is_deployed(client, settings)
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
