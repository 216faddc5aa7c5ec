"""The worker's own settings, which Prefect would gather for each run."""

from __future__ import annotations

from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.settings import Settings
from prefect.workers.process import ProcessJobConfiguration

from deployments.prefect_internals import worker_environment
from deployments.prefect_internals.worker_environment import gathered_once
from tests.deployments.prefect_internals.conftest import changed


class Ours(ProcessJobConfiguration):
    """One that nothing is done to."""


@pytest.fixture
def gathered(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Each time that settings are gathered, from now on."""
    found: list[Settings] = []
    gather = Settings.to_environment_variables

    def count(settings: Settings, *, exclude_unset: bool = False) -> dict[str, str]:
        found.append(settings)
        return gather(settings, exclude_unset=exclude_unset)

    monkeypatch.setattr(Settings, "to_environment_variables", count)
    return found


def environments(configuration: type[ProcessJobConfiguration]) -> list[dict[str, str | None]]:
    """Return those of two runs."""
    flow_id, made = uuid4(), [configuration(), configuration()]
    for each in made:
        each.prepare_for_flow_run(FlowRun(flow_id=flow_id))
    return [each.env for each in made]


def test_they_are_gathered_once_and_each_run_has_them(gathered: list[Settings]) -> None:
    first, second = environments(gathered_once(type("Once", (Ours,), {})))

    assert len(gathered) == 1
    ids = [each.pop("PREFECT__FLOW_RUN_ID") for each in (first, second)]
    assert ids[0] != ids[1]
    assert first == second
    assert {*environments(Ours)[0]} - {*first} == {"PREFECT__FLOW_RUN_ID"}


def test_prefect_by_itself_gathers_them_for_each_run(gathered: list[Settings]) -> None:
    environments(Ours)

    assert len(gathered) == 2


def test_where_prefect_has_changed_it_is_left_to_it(
    gathered: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        worker_environment, "WORKER_ENVIRONMENT", changed(worker_environment.WORKER_ENVIRONMENT)
    )

    environments(gathered_once(type("Left", (Ours,), {})))

    assert len(gathered) == 2
