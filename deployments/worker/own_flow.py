"""Which flow of Rhythm's a deployment stands for; any other deployment is foreign."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from prefect import Flow
from prefect.client.schemas.responses import DeploymentResponse

import flows
from flows.group import configured
from tasks.settings import project


class ForeignError(Exception):
    """A run is not of a deployment of this rhythm; the message says what it is instead."""


@dataclass(frozen=True, slots=True)
class OwnFlow:
    """A flow of Rhythm's."""

    flow: Flow[..., Any]
    entrypoint: str
    """Where Prefect's engine finds it, as "rhythm_entry.rhythm"."""


def own_flow(deployment: DeploymentResponse | None) -> OwnFlow:
    """Return the flow that a run of `deployment` runs; None is a run without a deployment.

    It is one of the package flows, by the entrypoint that prefect.yaml has for it, or a group of rhythm.toml,
    for the folder of this rhythm.toml or the one of the packages, and nothing is done before. The code is
    always this process's own.

    Raises:
        ForeignError: it is anything else.
    """
    if deployment is None:
        raise ForeignError("This is not a run of a deployment of this rhythm: it has none.")
    if reason := code_elsewhere(deployment):
        raise _foreign(deployment, reason)
    entrypoint = str(deployment.entrypoint)
    if flow := flow_at(entrypoint):
        return OwnFlow(flow, entrypoint)
    raise _foreign(deployment, f"its entrypoint is {entrypoint}")


def flow_at(entrypoint: str) -> Flow[..., Any] | None:
    """Return the flow of Rhythm's that an entrypoint names, as this process has it; None if it names none."""
    entry, _, name = entrypoint.rpartition(".")
    if entry != project.ENTRY:
        return None
    if name in _modules():
        flow = getattr(import_module(f"flows.{name}"), name, None)
        if isinstance(flow, Flow):
            return flow
    return configured(name)


def code_elsewhere(deployment: DeploymentResponse) -> str:
    """Return why a deployment is not for this folder, as it is; "" if it is."""
    if deployment.storage_document_id:
        return "its code is kept in a storage block"
    folders = []
    for step in deployment.pull_steps or []:
        match list(step.items()):
            case [
                ("prefect.deployments.steps.set_working_directory", {"directory": str(folder), **more})
            ] if not more:
                folders.append(folder)
            case _:
                return f"it has the pull step {', '.join(step)}"
    here = project.folder().resolve()
    for folder in folders or [deployment.path or ""]:
        if (project.PROJECT / folder).resolve() not in (here, project.PROJECT):
            return f"its folder is {folder}, and not {here}"
    return ""


def _modules() -> set[str]:
    return {module.name for module in iter_modules(flows.__path__)}


def _foreign(deployment: DeploymentResponse, reason: str) -> ForeignError:
    return ForeignError(f"{deployment.name} is not a deployment of this rhythm: {reason}.")
