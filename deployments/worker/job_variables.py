"""The job variables that somebody has set for a run of ours: they decide nothing, and are named to them."""

from __future__ import annotations

from functools import cache
from typing import Any

from prefect.client.schemas.objects import FlowRun, WorkPool
from prefect.client.schemas.responses import DeploymentResponse
from prefect.workers.process import ProcessWorker


@cache
def untouched_template() -> dict[str, Any]:
    """Return the base job template of a pool that nobody has edited."""
    return ProcessWorker.get_default_base_job_template()


def set_by_somebody(run: FlowRun, deployment: DeploymentResponse | None, pool: WorkPool) -> list[str]:
    """Return the names of the variables that the run, its deployment or its pool's template sets."""
    deployments = deployment.job_variables if deployment else {}
    return sorted({*(run.job_variables or {}), *(deployments or {}), *_edited(pool.base_job_template)})


def _edited(template: dict[str, Any]) -> set[str]:
    """Return the names that have another value in a template than in an untouched one, or another default."""
    ours = untouched_template()
    return _differing(_values(template), _values(ours)) | _differing(_defaults(template), _defaults(ours))


def _differing(some: dict[str, Any], others: dict[str, Any]) -> set[str]:
    return {name for name in {*some, *others} if some.get(name) != others.get(name)}


def _values(template: dict[str, Any]) -> dict[str, Any]:
    return _as_dict(template.get("job_configuration"))


def _defaults(template: dict[str, Any]) -> dict[str, Any]:
    properties = _as_dict(_as_dict(template.get("variables")).get("properties"))
    return {name: _as_dict(schema).get("default") for name, schema in properties.items()}


def _as_dict(value: object) -> dict[str, Any]:
    """Return an object of JSON; {} for what the server let through though it is none."""
    return value if isinstance(value, dict) else {}
