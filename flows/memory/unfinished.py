"""Which steps of a failed run are still to be done: those that failed, and those that it did not reach."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, TaskRun

from flows import clock
from flows.memory.history import as_run, outcome_of
from flows.memory.pages import PAGE, every
from tasks.outcome import Outcome
from tasks.settings.groups import GroupSettings

#: The server collects the states of task runs, and writes them within some seconds.
WRITTEN = timedelta(seconds=20)
_POLL = 0.25  # seconds


def unfinished(
    group: GroupSettings,
    chosen: Collection[str],
    ended: Mapping[str, Outcome | None],
    *,
    is_all: bool = False,
) -> tuple[str, ...] | None:
    """Return which of the `chosen` steps failed or were not reached, in their order. Pure.

    `ended` has the steps whose outcome is known. As long as one is missing there that must have been reached,
    the answer is None; unless that `is_all` that will ever be known.
    """
    left, is_stopped = [], False
    for step in group.steps:
        if step.name not in chosen:
            continue
        outcome = ended.get(step.name)
        if outcome is None and not (is_stopped or is_all):
            return None
        if outcome is None or outcome.is_failure:
            left.append(step.name)
        stops = group.on_failure == "stop" and not step.optional
        is_stopped |= outcome in (Outcome.CANCELLED, Outcome.CRASHED)
        is_stopped |= stops and outcome is not None and outcome.is_failure
    return tuple(left)


async def of_run(client: PrefectClient, group: GroupSettings, run: FlowRun) -> tuple[str, ...]:
    """Return what is still to be done of a group's run that has ended, once the server knows of its steps.

    Raises:
        httpx.HTTPError: Prefect does not answer.
    """
    ended = _outcomes(await steps_of(client, group, run))
    return unfinished(group, _chosen(group, run), ended, is_all=True) or ()


async def steps_of(client: PrefectClient, group: GroupSettings, run: FlowRun) -> list[TaskRun]:
    """Return the steps of a group's run that has ended, in their order, once the server knows of them.

    Raises:
        httpx.HTTPError: Prefect does not answer.
    """
    this = FlowRunFilter(id=FlowRunFilterId(any_=[run.id]))
    ended = as_run(run).ended or clock.now()
    order = {step.name: number for number, step in enumerate(group.steps)}
    while True:
        is_all = not ended <= clock.now() <= ended + WRITTEN  # which a clock that is set ends as well
        found = await every(
            lambda offset: client.read_task_runs(flow_run_filter=this, limit=PAGE, offset=offset)
        )
        if is_all or unfinished(group, _chosen(group, run), _outcomes(found)) is not None:
            return sorted(found, key=lambda step: order.get(step.name, len(order)))
        await asyncio.sleep(_POLL)


def _chosen(group: GroupSettings, run: FlowRun) -> Collection[str]:
    """Return the steps that were part of a run: all, unless it was asked for only some."""
    options: Any = (run.parameters or {}).get("options")
    only = options.get("only") if isinstance(options, dict) else None
    return only or [step.name for step in group.steps]


def _outcomes(steps: Iterable[TaskRun]) -> dict[str, Outcome | None]:
    return {step.name: outcome_of(step.state) for step in steps if step.state}
