"""Which deployments are of this rhythm: exactly those of its flows, in its folder, with nothing before."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.responses import DeploymentResponse

from deployments.worker.own_flow import ForeignError, own_flow
from flows.health_check import health_check
from flows.rhythm import rhythm
from tasks.settings.rhythm_toml import PROJECT

FOLDER = "prefect.deployments.steps.set_working_directory"
SHELL = "prefect.deployments.steps.run_shell_script"
HERE = {FOLDER: {"directory": str(PROJECT)}}


def deployment(**fields: Any) -> DeploymentResponse:
    """One as `prefect deploy` makes it here, but for `fields`."""
    ours = {"name": "one", "flow_id": uuid4(), "entrypoint": "rhythm_entry.rhythm", "pull_steps": [HERE]}
    return DeploymentResponse.model_validate(ours | fields)


@pytest.mark.parametrize(
    ("fields", "flow", "entrypoint"),
    [
        ({}, rhythm, "rhythm_entry.rhythm"),
        ({"entrypoint": "rhythm_entry.health_check"}, health_check, "rhythm_entry.health_check"),
        ({"pull_steps": [], "path": str(PROJECT)}, rhythm, "rhythm_entry.rhythm"),
        ({"pull_steps": None, "path": None}, rhythm, "rhythm_entry.rhythm"),
        ({"pull_steps": None, "path": "."}, rhythm, "rhythm_entry.rhythm"),
        ({"pull_steps": [HERE, HERE]}, rhythm, "rhythm_entry.rhythm"),
    ],
)
def test_a_deployment_of_one_of_our_flows_is_of_this_rhythm(
    fields: dict[str, Any], flow: object, entrypoint: str
) -> None:
    own = own_flow(deployment(**fields))

    assert (own.flow, own.entrypoint) == (flow, entrypoint)


@pytest.mark.parametrize(
    "entrypoint",
    [
        None,
        "",
        "evil.py:main",
        "/tmp/flows/rhythm.py:rhythm",  # noqa: S108 - only compared
        "flows/rhythm.py:rhythm",  # one of any folder
        "rhythm_entry.py:rhythm",
        "rhythm_entry:rhythm",
        "evil.rhythm_entry.rhythm",
        "rhythm_entry.rhythm.rhythm",
        "rhythm_entry.rhythm.fn",
        "rhythm_entry.Rhythm",
        "rhythm_entry.cadence",  # a module of the package without a flow
        "rhythm_entry.command",
        "rhythm_entry.nothing",
        "rhythm_entry.",
        "rhythm_entry",
        "flows.rhythm.rhythm",
        "os.system",
    ],
)
def test_another_entrypoint_is_foreign_and_named(entrypoint: str | None) -> None:
    with pytest.raises(ForeignError) as error:
        own_flow(deployment(entrypoint=entrypoint))

    assert str(error.value) == f"one is not a deployment of this rhythm: its entrypoint is {entrypoint}."


@pytest.mark.parametrize(
    ("steps", "named"),
    [
        ([{SHELL: {"script": "id"}}, HERE], SHELL),
        ([HERE, {"prefect.deployments.steps.git_clone": {"repository": "x"}}], "git_clone"),
        ([HERE | {SHELL: {"script": "id"}}], SHELL),
        ([{FOLDER: {"directory": str(PROJECT), "requires": "evil"}}], FOLDER),
        ([{FOLDER: {"directory": None}}], FOLDER),
        ([{FOLDER: None}], FOLDER),
        ([{}], "pull step"),
    ],
)
def test_any_pull_step_but_the_one_to_this_folder_is_foreign_and_named(
    steps: list[dict[str, Any]], named: str
) -> None:
    with pytest.raises(ForeignError, match=r"it has the pull step .*") as error:
        own_flow(deployment(pull_steps=steps))

    assert named in str(error.value)


@pytest.mark.parametrize(
    "where",
    [
        lambda elsewhere: {"pull_steps": [{FOLDER: {"directory": elsewhere}}]},
        lambda elsewhere: {"pull_steps": [HERE, {FOLDER: {"directory": elsewhere}}]},
        lambda elsewhere: {"pull_steps": None, "path": elsewhere},
    ],
)
def test_the_same_flow_in_another_folder_is_foreign(where: Any, tmp_path: Path) -> None:
    with pytest.raises(ForeignError) as error:
        own_flow(deployment(**where(str(tmp_path))))

    assert f"its folder is {tmp_path}, and not {PROJECT}" in str(error.value)


def test_the_folder_of_rhythm_toml_is_this_rhythms_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))

    assert own_flow(deployment(pull_steps=[{FOLDER: {"directory": str(tmp_path)}}])).flow is rhythm
    assert own_flow(deployment(pull_steps=[HERE])).flow is rhythm
    with pytest.raises(ForeignError, match="its folder is "):
        own_flow(deployment(pull_steps=[{FOLDER: {"directory": str(tmp_path.parent)}}]))


def test_code_in_a_storage_block_is_foreign() -> None:
    with pytest.raises(ForeignError, match="its code is kept in a storage block"):
        own_flow(deployment(storage_document_id=uuid4()))


def test_a_run_without_a_deployment_is_foreign() -> None:
    with pytest.raises(ForeignError, match="it has none"):
        own_flow(None)
