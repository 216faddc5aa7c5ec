"""`rhythm logs`: what runs have logged: of all from Prefect, of one step or group from files."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterFlowVersion,
    FlowRunFilterStartTime,
    LogFilter,
    LogFilterFlowRunId,
    LogFilterTimestamp,
    TaskRunFilter,
    TaskRunFilterId,
)
from prefect.client.schemas.objects import FlowRun, Log
from prefect.client.schemas.sorting import FlowRunSort, LogSort

from deployments.cli import console, step_logs
from deployments.cli.step_logs import Choice
from deployments.server.temporary import some_server
from flows import clock
from flows.decisions.timestamps import iso
from flows.memory.whose import all_versions
from tasks.problem import ConfigError, Problem
from tasks.redaction.visible import visible
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings

_COUNT = 50  # lines, if it is not said how many
_RUNS = 200  # the latest runs that are searched; a day of the five groups has about 230
_PAGE = 200  # the most that Prefect's API returns at once
_POLL = 1.0  # seconds between two looks for new lines
_STATE_OF_STEP, _FAILED = "Task run failed with state: ", "Finished in state Failed"
_NO_EXCEPTION = "\nNoneType: None"
_OVERLAP = timedelta(seconds=10)  # lines reach the server in batches, a little out of order


def run(
    *, name: str | None, run: str | None, last: int | None, count: int | None, follow: bool, json: bool
) -> int:
    """Print the logs. Return 0.

    Raises:
        ConfigError: rhythm.toml cannot be used, there is no such group or step, or none is named of which a
            run is wanted.
        CommandError: there is no such run, or no server.
    """
    settings = config.load()
    if count is None and not (run or last):
        count = _COUNT
    if name:
        step_logs.show(name, settings, Choice(run or "", last, count), follow=follow, json=json)
    elif run or last:
        problem = Problem(
            "logs", "whose run is not named", "Name a step or a group: rhythm logs NAME --last 1."
        )
        raise ConfigError([problem])
    else:
        asyncio.run(_show(all_versions(settings), count or 0, settings, follow=follow, json=json))
    return 0


async def _show(versions: Sequence[str], count: int, settings: Settings, *, follow: bool, json: bool) -> None:
    async with some_server(settings), get_client() as client:
        runs = await _runs(client, versions)
        lines = await _last(client, list(runs), count)
        steps = await _steps(client, lines)
        shown = without_repeats(lines)
        if json:
            console.show_json({"logs": [_to_json(line, runs, steps, settings) for line in shown]})
            return
        for line in shown:
            _say(line, runs, steps, settings)
        if follow:
            await _follow(client, versions, {line.id for line in lines}, settings)


async def _runs(client: PrefectClient, versions: Sequence[str]) -> dict[UUID, FlowRun]:
    """Return the latest runs of these versions, by id."""
    runs = await client.read_flow_runs(
        sort=FlowRunSort.START_TIME_DESC,
        flow_run_filter=FlowRunFilter(
            start_time=FlowRunFilterStartTime(is_null_=False),
            flow_version=FlowRunFilterFlowVersion(any_=list(versions)),
        ),
        limit=_RUNS,
    )
    return {run.id: run for run in runs}


async def _last(client: PrefectClient, runs: list[UUID], count: int) -> list[Log]:
    """Return the last `count` lines of the runs, oldest first."""
    found: list[Log] = []
    while runs and len(found) < count:
        page = await client.read_logs(
            LogFilter(flow_run_id=LogFilterFlowRunId(any_=runs)),
            limit=min(_PAGE, count - len(found)),
            offset=len(found),
            sort=LogSort.TIMESTAMP_DESC,
        )
        if not page:
            break
        found += page
    return found[::-1]


async def _follow(
    client: PrefectClient, versions: Sequence[str], seen: set[UUID], settings: Settings
) -> None:
    """Print new lines as they come, until interrupted."""
    since = clock.now()
    while True:
        runs = await _runs(client, versions)
        window = LogFilterTimestamp.model_validate({"after_": since - _OVERLAP})
        lines = await client.read_logs(
            LogFilter(flow_run_id=LogFilterFlowRunId(any_=list(runs)), timestamp=window),
            limit=_PAGE,
            sort=LogSort.TIMESTAMP_ASC,
        )
        fresh = [line for line in lines if line.id not in seen]
        steps = await _steps(client, fresh)
        for line in without_repeats(fresh):
            _say(line, runs, steps, settings)
        seen = {line.id for line in lines} | (seen if len(lines) < _PAGE else set())
        if fresh:
            since = max(since, fresh[-1].timestamp)
        await asyncio.sleep(_POLL)


def _group(line: Log, runs: dict[UUID, FlowRun]) -> str:
    run = runs.get(line.flow_run_id) if line.flow_run_id else None
    return run.name.split(" ", 1)[0] if run else "–"


async def _steps(client: PrefectClient, lines: Sequence[Log]) -> dict[UUID, str]:
    """Return the names of the steps that have logged the lines, by the ids of their task runs."""
    ids = list({line.task_run_id for line in lines if line.task_run_id})
    found: dict[UUID, str] = {}
    for start in range(0, len(ids), _PAGE):
        wanted = TaskRunFilter(id=TaskRunFilterId(any_=ids[start : start + _PAGE]))
        found |= {run.id: run.name for run in await client.read_task_runs(task_run_filter=wanted)}
    return found


def without_repeats(lines: Sequence[Log]) -> list[Log]:
    """Return lines of Prefect's without what they report again.

    A failed step's state is logged twice, and its group's run ends in a failed state as well. A state repeats
    the last lines that the step has printed. Where there is no exception, Prefect logs that there is none.
    """
    failed = [line for line in lines if line.task_run_id and line.message.startswith(_FAILED)]
    steps, runs = {line.task_run_id for line in failed}, {line.flow_run_id for line in failed}

    def is_repeat(line: Log) -> bool:
        if line.task_run_id:
            return line.task_run_id in steps and line.message.startswith(_STATE_OF_STEP)
        return line.flow_run_id in runs and line.message.startswith(_FAILED)

    return [line.model_copy(update={"message": _once(line.message)}) for line in lines if not is_repeat(line)]


def _once(message: str) -> str:
    message = message.removesuffix(_NO_EXCEPTION)
    if not message.startswith(_FAILED):
        return message
    first, more, _ = message.partition("\\n")  # a state is shown as a string of Python's
    return f"{first} …" if more else message


def _say(line: Log, runs: dict[UUID, FlowRun], steps: dict[UUID, str], settings: Settings) -> None:
    at = f"{line.timestamp.astimezone(settings.zone):%Y-%m-%d %H:%M:%S}"
    step = steps.get(line.task_run_id) if line.task_run_id else None
    who = f"{_group(line, runs)}/{step}" if step else _group(line, runs)
    console.say(f"{at} {logging.getLevelName(line.level):<7} {who}: {line.message}")


def _to_json(
    line: Log, runs: dict[UUID, FlowRun], steps: dict[UUID, str], settings: Settings
) -> dict[str, Any]:
    return {
        "at": iso(line.timestamp, settings.zone),
        "level": logging.getLevelName(line.level),
        "group": _group(line, runs),
        "step": steps.get(line.task_run_id) if line.task_run_id else None,
        "message": visible(line.message),
        "flow_run_id": str(line.flow_run_id) if line.flow_run_id else None,
    }
