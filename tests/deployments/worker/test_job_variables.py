"""Which job variables somebody has set."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, WorkPool
from prefect.client.schemas.responses import DeploymentResponse
from prefect.workers.process import ProcessWorker

from deployments.worker.job_variables import set_by_somebody

UNTOUCHED = ProcessWorker.get_default_base_job_template()


def names(
    run: dict[str, Any] | None = None,
    deployment: dict[str, Any] | None = None,
    template: dict[str, Any] = UNTOUCHED,
) -> list[str]:
    deployed = {"name": "one", "flow_id": uuid4(), "job_variables": deployment or {}}
    pool = {"name": "rhythm", "type": "rhythm", "base_job_template": template}
    return set_by_somebody(
        FlowRun(flow_id=uuid4(), job_variables=run),
        DeploymentResponse.model_validate(deployed),
        WorkPool.model_validate(pool),
    )


def edited(**parts: Any) -> dict[str, Any]:
    """A template with other parts: `command__default`, or a value in `job_configuration`."""
    template = deepcopy(UNTOUCHED)
    for name, value in parts.items():
        variable, _, default = name.partition("__")
        if default:
            template["variables"]["properties"].setdefault(variable, {})["default"] = value
        else:
            template["job_configuration"][variable] = value
    return template


def test_nobody_has_set_any_by_default() -> None:
    assert names() == []


def test_those_of_the_run_and_of_its_deployment_are_named_once_and_in_order() -> None:
    assert names({"env.A": "1", "command": "x"}, {"command": "y", "env": {}}) == ["command", "env", "env.A"]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (edited(command__default="id"), ["command"]),
        (edited(image__default="evil", image="{{ image }}"), ["image"]),
        (edited(command="id", env={"A": "1"}), ["command", "env"]),
        (edited(stream_output__default=False), ["stream_output"]),
        (edited(command__default=None), []),
    ],
)
def test_what_was_edited_in_the_template_is_named(template: dict[str, Any], expected: list[str]) -> None:
    assert names(template=template) == expected


@pytest.mark.parametrize(
    "template",
    [
        {},
        {"job_configuration": "id", "variables": {"properties": {"command": True}}},
        {"job_configuration": {}, "variables": {"properties": {}}},
    ],
)
def test_a_template_without_order_is_only_another_one(template: dict[str, Any]) -> None:
    assert "command" in names(template=template)
