"""What this rhythm has on Prefect's server is called so that no other rhythm's has the same name.

The one that has no name of its own (`name` in rhythm.toml) has the plain names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks.settings.name import DEFAULT
from tasks.settings.rhythm_toml import Settings

#: The flow of a beat.
RHYTHM = "rhythm"


def artifact_key(settings: Settings, key: str) -> str:
    """Return the key of an artifact: two dashes set a rhythm's name apart, which has none itself."""
    return key if settings.name == DEFAULT else f"{settings.name}--{key}"


def variable(settings: Settings, kind: str, group: str | None = None) -> str:
    """Return the name of a variable of a rhythm's, or of a group's: no other rhythm's is called so."""
    return "--".join([f"rhythm-{settings.name}", kind, *([group] if group else [])])


def pool(settings: Settings) -> str:
    """Return the name of the work pool."""
    return settings.name


def deployment(settings: Settings, flow: str) -> str:
    """Return the name of a flow's deployment, without the flow's own: it is the rhythm's.

    One without a name of its own has deployments that are called as their flows.
    """
    return flow if settings.name == DEFAULT else settings.name


def flow_name(group: str) -> str:
    """Given a group's name, return its flow's."""
    return group.replace("_", "-")


def of_deployments(settings: Settings, flows: Sequence[str]) -> dict[str, Any]:
    """Return the filters for all runs of these flows' deployments, also for those that have not begun.

    Only once an interpreter has begun it, a run has the version that shows whose it is.
    """
    from prefect.client.schemas.filters import (  # which `rhythm init` has no use for
        DeploymentFilter,
        DeploymentFilterName,
        FlowFilter,
        FlowFilterName,
        WorkPoolFilter,
        WorkPoolFilterName,
    )

    names = [deployment(settings, flow) for flow in flows]
    return {
        "flow_filter": FlowFilter(name=FlowFilterName(any_=list(flows))),
        "deployment_filter": DeploymentFilter(name=DeploymentFilterName(any_=names)),
        "work_pool_filter": WorkPoolFilter(name=WorkPoolFilterName(any_=[pool(settings)])),
    }
