"""`rhythm logs`: what the runs have logged, from Prefect, in one stream."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterStartTime,
    LogFilter,
    LogFilterFlowRunId,
    LogFilterTimestamp,
)
from prefect.client.schemas.objects import FlowRun, Log
from prefect.client.schemas.sorting import FlowRunSort, LogSort

from deployments import output
from deployments.server import some_server
from deployments.server_lookup import ServerError
from flows import clock, history
from flows.moments import iso
from flows.rhythm import flow_names
from tasks import settings as config
from tasks.problem import ConfigError, Problem
from tasks.settings import Settings
from tasks.visible import visible

_RUNS = 200  # the latest runs that are searched; a day of the five groups has about 230
_PAGE = 200  # the most that Prefect's API returns at once
_POLL = 1.0  # seconds between two looks for new lines
_OVERLAP = timedelta(seconds=10)  # lines reach the server in batches, a little out of order


def run(args: argparse.Namespace) -> int:
    """Print the logs. Return 0, or 1 without a server.

    Raises:
        ConfigError: rhythm.toml cannot be used, or there is no such group.
    """
    settings = config.load()
    if args.group and args.group not in settings.groups:
        known = ", ".join(settings.groups)
        raise ConfigError([Problem("logs", f"'{args.group}' is no group", f"The groups are {known}.")])
    flows = [history.flow_name(args.group)] if args.group else flow_names(settings)
    try:
        asyncio.run(_show(flows, args, settings))
    except ServerError as error:
        output.error(str(error))
        return 1
    return 0


async def _show(flows: Sequence[str], args: argparse.Namespace, settings: Settings) -> None:
    async with some_server(settings), get_client() as client:
        runs = await _runs(client, flows)
        lines = await _last(client, list(runs), args.n)
        if args.json:
            output.show_json({"logs": [_to_json(line, runs, settings) for line in lines]})
            return
        for line in lines:
            _say(line, runs, settings)
        if args.follow:
            await _follow(client, flows, {line.id for line in lines}, settings)


async def _runs(client: PrefectClient, flows: Sequence[str]) -> dict[UUID, FlowRun]:
    """Return the latest runs of the flows, by id."""
    runs = await client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=list(flows))),
        sort=FlowRunSort.START_TIME_DESC,
        flow_run_filter=FlowRunFilter(start_time=FlowRunFilterStartTime(is_null_=False)),
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


async def _follow(client: PrefectClient, flows: Sequence[str], seen: set[UUID], settings: Settings) -> None:
    """Print new lines as they come, until interrupted."""
    since = clock.now()
    while True:
        runs = await _runs(client, flows)
        window = LogFilterTimestamp.model_validate({"after_": since - _OVERLAP})
        lines = await client.read_logs(
            LogFilter(flow_run_id=LogFilterFlowRunId(any_=list(runs)), timestamp=window),
            limit=_PAGE,
            sort=LogSort.TIMESTAMP_ASC,
        )
        fresh = [line for line in lines if line.id not in seen]
        for line in fresh:
            _say(line, runs, settings)
        seen = {line.id for line in lines} | (seen if len(lines) < _PAGE else set())
        if fresh:
            since = max(since, fresh[-1].timestamp)
        await asyncio.sleep(_POLL)


def _group(line: Log, runs: dict[UUID, FlowRun]) -> str:
    run = runs.get(line.flow_run_id) if line.flow_run_id else None
    return run.name.split(" ", 1)[0] if run else "–"


def _say(line: Log, runs: dict[UUID, FlowRun], settings: Settings) -> None:
    at = f"{line.timestamp.astimezone(settings.zone):%Y-%m-%d %H:%M:%S}"
    output.say(f"{at} {logging.getLevelName(line.level):<7} {_group(line, runs)}: {line.message}")


def _to_json(line: Log, runs: dict[UUID, FlowRun], settings: Settings) -> dict[str, Any]:
    return {
        "at": iso(line.timestamp, settings.zone),
        "level": logging.getLevelName(line.level),
        "group": _group(line, runs),
        "message": visible(line.message),
        "flow_run_id": str(line.flow_run_id) if line.flow_run_id else None,
    }
