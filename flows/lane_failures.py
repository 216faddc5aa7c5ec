"""What has failed in other lanes than `main` since the beat before: the next beat reports it, and no other.

A beat goes on without waiting for what it starts in a lane. Where no group depends on that, nothing else
would show its failure.
"""

from __future__ import annotations

from datetime import datetime

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilterEndTime, FlowRunFilterParentTaskRunId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort

from flows.decisions.slots import Slot
from flows.memory import history
from flows.memory.whose import BEAT, run_version
from flows.report import LaneFailure
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings

_FAILED = (StateType.FAILED, StateType.CRASHED, StateType.CANCELLED)


async def since_last_beat(
    client: PrefectClient, settings: Settings, beat: FlowRun
) -> tuple[LaneFailure, ...]:
    """Return what has failed in other lanes between the last completed beat's beginning and that of `beat`.

    So each failure falls to one beat. What a beat has run itself, it has reported as its own.

    Raises:
        httpx.HTTPError: the server does not answer.
    """
    groups = [name for name, group in settings.groups.items() if group.lane != MAIN]
    if not groups or beat.start_time is None:
        return ()
    long_ago = beat.start_time - history.LATELY
    last = await _last_beat(client, settings, Slot(long_ago, beat.start_time))
    window = Slot(last or long_ago, beat.start_time)
    began_by_then = Slot(window.start - history.LATELY, window.end)
    runs = await client.read_flow_runs(
        flow_run_filter=history.begun(settings, groups, began_by_then, ended=_FAILED).model_copy(
            update={
                "end_time": FlowRunFilterEndTime.model_validate(
                    {"after_": window.start, "before_": window.end}
                ),
                "parent_task_run_id": FlowRunFilterParentTaskRunId(is_null_=True),
            }
        ),
        sort=FlowRunSort.START_TIME_ASC,
    )
    group_of = {run_version(settings.name, name): name for name in groups}
    return tuple(
        LaneFailure(name, settings.groups[name].lane, run.outcome, run.ended)
        for name, run in ((group_of[str(run.flow_version)], history.as_run(run)) for run in runs)
        if run.outcome and run.ended and run.ended in window
    )


async def _last_beat(client: PrefectClient, settings: Settings, within: Slot) -> datetime | None:
    """Return when the last beat began that has come to its end, and so to its report."""
    beats = await client.read_flow_runs(
        flow_run_filter=history.begun(settings, [BEAT], within, ended=(StateType.COMPLETED,)),
        sort=FlowRunSort.START_TIME_DESC,
        limit=1,
    )
    return beats[0].start_time if beats else None
