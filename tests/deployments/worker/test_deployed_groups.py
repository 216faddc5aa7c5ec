"""The deployments on a real server: one for each group of rhythm.toml, and none of ours besides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import DeploymentUpdate

from deployments.worker import pool
from deployments.worker.deployed_groups import update
from tests.conftest import MakeSettings

NAME = "in-step"
HERE = "prefect.deployments.steps.set_working_directory"
TOML = f"""
name = "{NAME}"
timezone = "Europe/Berlin"
[groups.one]
every = "90m"
steps = ["check_health --fast", {{ run = "check_health", name = "*all* {{{{ of_it }}}}" }}]
"""
TWO = """
[groups.two]
at = "03:00"
after = ["one"]
lane = "long"
steps = ["check_health"]
"""


@pytest.fixture
async def client(
    prefect_api: str, make_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[PrefectClient]:
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))
    settings = make_settings(TOML)
    async with get_client() as client:
        await pool.make_pool(client, settings)
        yield client
        for one in await pool.deployments(client, settings):
            await client.delete_deployment(one.id)
        await client.delete_work_pool(NAME)


async def test_groups_come_and_go_with_rhythm_toml_and_what_others_have_deployed_stays(
    client: PrefectClient, make_settings: MakeSettings, tmp_path: Path
) -> None:
    said: list[str] = []
    log, file = tmp_path / "logs" / "deploy.log", tmp_path / "prefect.yaml"

    async def bring(toml: str) -> list[str]:
        said.clear()
        await update(client, make_settings(toml), log, said.append)
        return said

    assert await bring(TOML + TWO) == [f"written: {file}", "deploying the rhythm and its groups"]
    one, two = await client.read_deployment_by_name("one/in-step"), await _read(client, "two")
    assert one.tags == [NAME]
    assert one.description is not None
    assert one.description.startswith(
        "- **When:** every 90 minutes\n- **Steps:** check_health, \\*all\\* {&#8203;{ of_it }}\n\n"
    )
    assert "daily at 03:00 (Europe/Berlin)\n- **After:** one\n- **Lane:** long\n" in (two.description or "")
    assert await _choices(client) == ["one", "two"]
    assert await bring(TOML + TWO) == []

    # Of a group that changes, Prefect's command is not needed; what somebody has changed is undone.
    assert await bring(TOML.replace("90m", "2h") + TWO) == ["deploying one"]
    assert "every 2 hours" in ((await _read(client, "one")).description or "")
    await client.update_deployment(two.id, DeploymentUpdate(entrypoint="evil.py:main"))
    assert await bring(TOML + TWO) == ["deploying one, two"]
    assert ((await _read(client, "two")).id, (await _read(client, "two")).entrypoint) == (
        two.id,
        "rhythm_entry.two",
    )

    # Deployed by somebody: another one of ours, one of another folder, one of another flow.
    strangers = [
        await _deploy(client, "two", name="mine", entrypoint="rhythm_entry.two"),
        await _deploy(client, "four", name=NAME, entrypoint="rhythm_entry.four", path=str(tmp_path.parent)),
        await _deploy(client, "five", name=NAME, entrypoint="five.py:five"),
    ]
    await client.pause_deployment(one.id)
    assert await bring(TOML) == [
        f"written: {file} (removed two)",
        "deploying the rhythm and its groups",
        "deleted the deployment two/in-step: rhythm.toml has no such group any more",
    ]
    assert await pool.find(client, "two/in-step") is None
    assert await _choices(client) == ["one"]
    for stranger in strangers:
        assert (await client.read_deployment(stranger)).work_pool_name == NAME
    again = await _read(client, "one")
    assert (again.id, again.paused) == (one.id, True)


async def _read(client: PrefectClient, flow: str) -> Any:
    return await client.read_deployment_by_name(f"{flow}/{NAME}")


async def _choices(client: PrefectClient) -> list[str]:
    """Return the groups that the form for a beat offers."""
    schema = (await _read(client, "rhythm")).parameter_openapi_schema
    offered: list[str] = schema["definitions"]["BeatOptions"]["properties"]["force"]["items"]["enum"]
    return offered


async def _deploy(client: PrefectClient, flow: str, **fields: Any) -> Any:
    return await client.create_deployment(
        await client.create_flow_from_name(flow), work_pool_name=NAME, **fields
    )
