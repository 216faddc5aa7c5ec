"""What Prefect remembers of the groups: the only memory there is of what ran."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from prefect import State
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterStartTime,
    FlowRunFilterState,
    FlowRunFilterStateName,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort

from flows.cadence import Run
from flows.slots import Slot, slot_at
from tasks.group_settings import GroupSettings
from tasks.outcome import Outcome
from tasks.settings import Settings

#: The state of a run that only said what it would have done: it is no run of its group.
DRY_RUN = "DryRun"

# Runs of a slot that are asked for beyond its attempts: one that still waits for its turn, by hand, may be
# older than those. What comes before them changes no decision, and each costs a millisecond.
_BESIDE = 3

#: What began within it is found by an index. To find the last run of all, Prefect reads every run there is.
LATELY = timedelta(days=2)

_OUTCOMES = {
    StateType.COMPLETED: Outcome.COMPLETED,
    StateType.FAILED: Outcome.FAILED,
    StateType.CRASHED: Outcome.CRASHED,
    StateType.CANCELLED: Outcome.CANCELLED,
}


def flow_name(group: str) -> str:
    """Given a group's name, return its flow's."""
    return group.replace("_", "-")


def group_name(flow: str) -> str:
    """Given a flow's name, return its group's."""
    return flow.replace("-", "_")


async def in_slots(client: PrefectClient, settings: Settings, now: datetime) -> dict[str, list[Run]]:
    """Return every group's runs of the slot that `now` lies in; as many as a decision needs."""

    async def of(name: str, group: GroupSettings) -> list[Run]:
        runs = await client.read_flow_runs(
            flow_filter=flows_of([name]),
            flow_run_filter=begun(slot_at(group, now, settings.zone)),
            sort=FlowRunSort.START_TIME_DESC,
            limit=group.attempts + _BESIDE,
        )
        return [as_run(run) for run in runs]

    found = await asyncio.gather(*(of(name, group) for name, group in settings.groups.items()))
    return dict(zip(settings.groups, found, strict=True))


async def latest(client: PrefectClient, groups: Iterable[str], now: datetime) -> dict[str, Run]:
    """Return the last run of every group that has one."""
    found = {}
    for name in groups:
        if run := await last(client, [name], now - LATELY) or await last(client, [name]):
            found[name] = as_run(run)
    return found


async def last(client: PrefectClient, groups: Iterable[str], since: datetime | None = None) -> FlowRun | None:
    """Return the run of these groups that began last; None if there is none, or none since a moment."""
    runs = await client.read_flow_runs(
        flow_filter=flows_of(groups),
        flow_run_filter=begun(since=since),
        sort=FlowRunSort.START_TIME_DESC,
        limit=1,
    )
    return runs[0] if runs else None


def as_run(run: FlowRun) -> Run:
    """Given Prefect's flow run, return it as a group's run."""
    if run.start_time is None:  # pragma: no cover - only runs that have started are asked for
        raise ValueError(f"flow run {run.id} has not started")
    outcome = outcome_of(run.state) if run.state else None
    return Run(run.start_time, run.end_time if outcome else None, outcome)


def outcome_of(state: State[Any]) -> Outcome | None:
    """Given the state of a run, return how it ended; None if it has not."""
    if state.is_failed() and state.name == "TimedOut":
        return Outcome.TIMED_OUT
    return _OUTCOMES.get(state.type)


def flows_of(groups: Iterable[str]) -> FlowFilter:
    """Return the filter for the flows of these groups."""
    return FlowFilter(name=FlowFilterName(any_=[flow_name(group) for group in groups]))


def begun(slot: Slot | None = None, since: datetime | None = None) -> FlowRunFilter:
    """Return the filter for runs that have really begun, within a slot or since a moment."""
    window: dict[str, datetime | bool] = {"is_null_": False}
    if slot:
        window |= {"after_": slot.start, "before_": slot.end}
    if since:
        window |= {"after_": since}
    return FlowRunFilter(
        start_time=FlowRunFilterStartTime.model_validate(window),
        state=FlowRunFilterState(
            # Any state, that is; but SQLite's only index of when runs began is one by their states.
            type=FlowRunFilterStateType(any_=list(StateType)),
            name=FlowRunFilterStateName(not_any_=[DRY_RUN]),
        ),
    )
