"""Whose a rhythm's name is on a server, and until when."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import VariableUpdate, WorkPoolCreate

from deployments.worker.name_claim import NameTakenError, check, claim, variable
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings

TOML = '[groups.a]\nevery = "1d"\nsteps = ["check_health"]\n'

Begin = Callable[..., Settings]


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_api: str) -> Begin:
    """Be, from now on, the rhythm that has this folder, with a rhythm.toml of this name."""

    def make(folder: str, name: str) -> Settings:
        path = tmp_path / folder / "rhythm.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'name = "{name}"\n{TOML}', encoding="utf-8")
        monkeypatch.setenv("RHYTHM_CONFIG", str(path))
        return config.load()

    return make


async def test_a_second_rhythm_of_a_name_is_refused_with_what_to_do(begin: Begin, tmp_path: Path) -> None:
    async with get_client() as client:
        await claim(client, begin("first", "taken-twice"))

        second = begin("second", "taken-twice")
        with pytest.raises(NameTakenError) as refused:
            await claim(client, second)
        assert str(tmp_path / "first" / "rhythm.toml") in refused.value.fault
        assert f'Set another name, like name = "home", in {tmp_path / "second"}' in refused.value.remedy

        await claim(client, begin("second", "of-its-own"))
        await claim(client, begin("first", "taken-twice"))


async def test_a_name_is_free_once_its_rhythm_is_gone_or_is_called_otherwise(
    begin: Begin, tmp_path: Path
) -> None:
    async with get_client() as client:
        await claim(client, begin("first", "handed-on"))
        begin("first", "has-another")

        await claim(client, begin("second", "handed-on"))

        (tmp_path / "second").rename(tmp_path / "moved")
        await claim(client, begin("moved", "handed-on"))


async def test_a_rhythm_toml_that_cannot_be_read_keeps_its_name(begin: Begin, tmp_path: Path) -> None:
    async with get_client() as client:
        await claim(client, begin("first", "kept"))
        (tmp_path / "first" / "rhythm.toml").write_bytes(b"x = " + b"[" * 600)

        with pytest.raises(NameTakenError):
            await check(client, begin("second", "kept"))


async def test_a_rhythm_whose_outputs_were_deleted_or_whose_host_was_renamed_keeps_its_name(
    begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with get_client() as client:
        await claim(client, begin("first", "lasting"))
        monkeypatch.setattr(socket, "gethostname", lambda: "renamed-since")
        await claim(client, begin("first", "lasting"))
        (tmp_path / "first" / "outputs" / "machine-id").unlink()
        await claim(client, begin("first", "lasting"))


async def test_a_name_on_another_machine_is_taken_while_a_worker_there_is_heard_of(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with get_client() as client:
        with monkeypatch.context() as there:
            there.setattr(socket, "gethostname", lambda: "another-machine")
            settings = begin("first", "far-away")
            await claim(client, settings)
        (tmp_path / "first" / "rhythm.toml").unlink()  # which cannot be seen from here
        await client.create_work_pool(WorkPoolCreate(name="far-away", type="rhythm"))
        await client.send_worker_heartbeat("far-away", "a worker", heartbeat_interval_seconds=30)

        with pytest.raises(NameTakenError, match="on another-machine"):
            await claim(client, begin("second", "far-away"))

        await client.delete_work_pool("far-away")
        await claim(client, begin("second", "far-away"))


async def test_a_note_that_somebody_has_written_over_is_made_anew(begin: Begin) -> None:
    async with get_client() as client:
        settings = begin("first", "written-over")
        await claim(client, settings)
        await client.update_variable(VariableUpdate(name=variable(settings), value={"a": 1}))

        await check(client, begin("second", "written-over"))
        await claim(client, settings)
