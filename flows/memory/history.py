"""What Prefect remembers of the groups: the only memory there is of what ran."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterFlowVersion,
    FlowRunFilterStartTime,
    FlowRunFilterState,
    FlowRunFilterStateName,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort

from flows.decisions.group_runs import Run
from flows.decisions.slots import Slot, slot_at
from flows.memory import naming, undelivered
from flows.memory.states import SKIPPED
from flows.memory.whose import run_versions
from tasks.outcome import WARNING, Outcome
from tasks.settings.groups import MAIN, GroupSettings
from tasks.settings.rhythm_toml import Settings

#: The state of a run that only said what it would have done: it is no run of its group.
DRY_RUN = "DryRun"

# Runs of a slot that are asked for beyond its attempts: one that still waits for its lane, manually, may be
# older than those. What comes before them changes no decision, and each costs a millisecond.
_BESIDE = 3

#: What began within it is found by an index. To find the last run of all, every run of its group is read.
LATELY = timedelta(days=2)

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

# What is asked to run now may be so by another clock than this one.
_SOON = timedelta(minutes=1)

_UNDER_WAY = [
    StateType.SCHEDULED,
    StateType.PENDING,
    StateType.RUNNING,
    StateType.PAUSED,
    StateType.CANCELLING,
]
# SQLite has an index of a run's version, and one of its state and when it began. By the first it would read
# every run that a group ever had; of so many versions to look up, it thinks that the second costs less.
_SO_OFTEN = 20

_OUTCOMES = {
    StateType.COMPLETED: Outcome.COMPLETED,
    StateType.FAILED: Outcome.FAILED,
    StateType.CRASHED: Outcome.CRASHED,
    StateType.CANCELLED: Outcome.CANCELLED,
}


async def in_slots(
    client: PrefectClient, settings: Settings, now: datetime, but: UUID | None = None
) -> dict[str, list[Run]]:
    """Return every group's runs of the slot that `now` lies in; as many as a decision needs (see History).

    The run `but` is left out.
    """

    async def of(name: str, group: GroupSettings) -> list[Run]:
        slot = slot_at(group, now, settings.zone)
        if group.lane == MAIN:
            asked = [_counted(client, settings, name, group, slot)]
        else:
            before = Slot(slot.start - LATELY, slot.end)  # what began before the slot may end in it
            asked = [
                _counted(client, settings, name, group, before),
                _last(client, settings, name, before),
                _under_way(client, settings, name, now),
            ]
        found = {run.id: run for runs in await asyncio.gather(*asked) for run in runs if run.id != but}
        return [as_run(run) for run in found.values()]

    found = await asyncio.gather(*(of(name, group) for name, group in settings.groups.items()))
    return undelivered.known(settings.outputs_dir, dict(zip(settings.groups, found, strict=True)))


async def _counted(
    client: PrefectClient, settings: Settings, name: str, group: GroupSettings, window: Slot
) -> list[FlowRun]:
    """Return the last runs within a window that may count for their slots."""
    return await client.read_flow_runs(
        flow_run_filter=begun(settings, [name], window, but=[DRY_RUN, SKIPPED]),
        sort=FlowRunSort.START_TIME_DESC,
        limit=group.attempts + _BESIDE,
    )


async def _last(client: PrefectClient, settings: Settings, name: str, window: Slot) -> list[FlowRun]:
    """Return the last run within a window, though nothing ran in it."""
    return await client.read_flow_runs(
        flow_run_filter=begun(settings, [name], window),
        sort=FlowRunSort.START_TIME_DESC,
        limit=1,
    )


async def _under_way(client: PrefectClient, settings: Settings, name: str, now: datetime) -> list[FlowRun]:
    """Return the runs that have not ended, or not even begun though they are to.

    One that is planned for later, by a schedule or before the clock was set back, is none.
    """
    by_now = FlowRunFilter(
        expected_start_time=FlowRunFilterExpectedStartTime.model_validate({"before_": now + _SOON}),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_UNDER_WAY)),
    )
    version = FlowRunFilterFlowVersion(any_=run_versions(settings, [name]))
    deployed, begun_alone = await asyncio.gather(
        client.read_flow_runs(
            flow_run_filter=by_now, limit=_BESIDE, **naming.of_deployments(settings, [naming.flow_name(name)])
        ),
        client.read_flow_runs(
            flow_run_filter=by_now.model_copy(update={"flow_version": version}), limit=_BESIDE
        ),
    )
    return [*deployed, *begun_alone]


async def latest(
    client: PrefectClient, settings: Settings, groups: Iterable[str], now: datetime
) -> dict[str, Run]:
    """Return the last run of each of these groups that has one."""
    found = {}
    for name in groups:
        lately = await last(client, settings, [name], now - LATELY)
        if run := lately or await last(client, settings, [name]):
            found[name] = as_run(run)
    return found


async def last_completed(
    client: PrefectClient, settings: Settings, group: str, before: datetime
) -> datetime | None:
    """Return when the last run of a group began that did so before a time and completed; None if none did."""
    asked = begun(settings, [group], Slot(_LONG_AGO, before), but=[DRY_RUN, SKIPPED])
    asked.state = FlowRunFilterState(
        type=FlowRunFilterStateType(any_=[StateType.COMPLETED]),
        name=FlowRunFilterStateName(not_any_=[DRY_RUN, SKIPPED]),
    )
    runs = await client.read_flow_runs(flow_run_filter=asked, sort=FlowRunSort.START_TIME_DESC, limit=1)
    return as_run(runs[0]).started if runs else None


async def last(
    client: PrefectClient, settings: Settings, groups: Iterable[str], since: datetime | None = None
) -> FlowRun | None:
    """Return the run of these groups that began last; None if there is none, or none since a time."""
    runs = await client.read_flow_runs(
        flow_run_filter=begun(settings, groups, since=since),
        sort=FlowRunSort.START_TIME_DESC,
        limit=1,
    )
    return runs[0] if runs else None


def as_run(run: FlowRun) -> Run:
    """Given Prefect's flow run, return it as a group's run."""
    started = run.start_time or run.expected_start_time
    if started is None:  # pragma: no cover - what has not begun was to at some time
        raise ValueError(f"flow run {run.id} was never to start")
    outcome = outcome_of(run.state) if run.state else None
    ended = plain(run.end_time) if outcome and run.end_time else None
    return Run(plain(started), ended, outcome, run.start_time is not None, fault_of(run.state))


def fault_of(state: State[Any] | None) -> str:
    """Given the state of a run, return which steps failed or warn, and why; empty if none does."""
    outcome = outcome_of(state) if state else None
    if state is None or outcome is None or not (outcome.is_failure or state.name == WARNING):
        return ""
    return (state.message or "").split("\n", 1)[0]


def plain(time: datetime) -> datetime:
    """Return a time of Prefect's, which may be of a class that counts otherwise, as a plain one."""
    return datetime.fromisoformat(time.isoformat())


def outcome_of(state: State[Any]) -> Outcome | None:
    """Given the state of a run, return how it ended; None if it has not."""
    if state.is_failed() and state.name == "TimedOut":
        return Outcome.TIMED_OUT
    if state.is_completed() and state.name == SKIPPED:
        return Outcome.SKIPPED
    return _OUTCOMES.get(state.type)


def begun(
    settings: Settings,
    groups: Iterable[str],
    slot: Slot | None = None,
    since: datetime | None = None,
    but: Sequence[str] = (DRY_RUN,),
    ended: Iterable[StateType] = StateType,
) -> FlowRunFilter:
    """Return the filter for these groups' runs that have really begun, within a slot or since a time.

    Those whose state has one of the names `but` are none. With `ended`, only those in such a state.
    """
    window: dict[str, datetime | bool] = {"is_null_": False}
    if slot:
        window |= {"after_": slot.start, "before_": slot.end}
    if since:
        window |= {"after_": since}
    often = _SO_OFTEN if slot or since else 1
    return FlowRunFilter(
        flow_version=FlowRunFilterFlowVersion(any_=run_versions(settings, groups) * often),
        start_time=FlowRunFilterStartTime.model_validate(window),
        state=FlowRunFilterState(
            # Any state as a rule; but SQLite's only index of when runs began is one by their states.
            type=FlowRunFilterStateType(any_=list(ended)),
            name=FlowRunFilterStateName(not_any_=list(but)),
        ),
    )
