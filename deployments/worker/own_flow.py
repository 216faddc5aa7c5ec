"""Which flow of this project a deployment stands for; any other deployment is foreign."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePath
from pkgutil import iter_modules
from typing import Any

from prefect import Flow
from prefect.client.schemas.responses import DeploymentResponse

import flows
from tasks.settings import PROJECT


class ForeignError(Exception):
    """A run is not of a deployment of this rhythm; the message says what it is instead."""


@dataclass(frozen=True, slots=True)
class OwnFlow:
    """A flow of this project."""

    flow: Flow[..., Any]
    entrypoint: str
    """Where Prefect's engine finds it from the project's folder, as "flows.rhythm:rhythm"."""


def own_flow(deployment: DeploymentResponse | None) -> OwnFlow:
    """Return the flow that a run of `deployment` runs; None is a run without a deployment.

    It is one of the package flows, in this folder and not in another copy of it, and nothing is done before.

    Raises:
        ForeignError: it is anything else.
    """
    if deployment is None:
        raise ForeignError("This is not a run of a deployment of this rhythm: it has none.")
    if reason := _code_elsewhere(deployment):
        raise _foreign(deployment, reason)
    path, _, name = str(deployment.entrypoint).rpartition(":")
    file = PurePath(path)
    if (file.parent, file.suffix) == (PurePath("flows"), ".py") and file.stem in _modules():
        module = f"flows.{file.stem}"
        flow = getattr(import_module(module), name, None)
        if isinstance(flow, Flow):
            return OwnFlow(flow, f"{module}:{name}")
    raise _foreign(deployment, f"its entrypoint is {deployment.entrypoint}")


def _code_elsewhere(deployment: DeploymentResponse) -> str:
    """Return why a deployment's code is not the one in this folder, as it is; "" if it is."""
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
    for folder in folders or [deployment.path or ""]:
        if (PROJECT / folder).resolve() != PROJECT:
            return f"its folder is {folder}, and not {PROJECT}"
    return ""


def _modules() -> set[str]:
    return {module.name for module in iter_modules(flows.__path__)}


def _foreign(deployment: DeploymentResponse, reason: str) -> ForeignError:
    return ForeignError(f"{deployment.name} is not a deployment of this rhythm: {reason}.")
