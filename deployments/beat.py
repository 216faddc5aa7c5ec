"""`rhythm beat`: one beat now, in this process, and what it did."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import sys
from time import monotonic
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterParentFlowRunId,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.exceptions import TerminationSignal
from prefect.logging.handlers import PrefectConsoleHandler

from deployments import check, output
from deployments.last_words import told
from deployments.progress import Progress
from deployments.server import some_server
from deployments.server_lookup import ServerError
from flows.cadence import Decision
from flows.report import BeatReport
from flows.rhythm import BeatOptions, known_groups, rhythm
from flows.run_value import run_value
from flows.watch import watcher
from tasks import settings as config
from tasks.settings import Settings

_DRAIN = 5.0  # seconds to send the last events
_FLUSH = 20.0  # seconds for the server's writers, which collect for one


def run(args: argparse.Namespace) -> int:
    """Beat once. Return 0 if all is well, 1 if a group failed or waits for one that did.

    Raises:
        ConfigError: rhythm.toml cannot be used; nothing was started.
    """
    settings = config.load()
    check.ready(settings)
    known_groups(args.force, settings)
    options = BeatOptions(force=args.force, dry_run=args.dry_run)
    try:
        report = asyncio.run(_beat(settings, options, quiet=args.json))
    except ServerError as error:
        output.error(str(error))
        return 1
    except TerminationSignal:  # Prefect's word for SIGTERM while a flow runs
        raise KeyboardInterrupt from None
    if report is None:
        return 1
    if args.json:
        output.show_json(report.to_json())
    else:
        _show(report)
    return 0 if report.outcome == "completed" else 1


async def _beat(settings: Settings, options: BeatOptions, quiet: bool) -> BeatReport | None:
    async with some_server(settings) as is_temporary:
        terminal = sys.stderr.isatty() and not quiet
        if not quiet:
            _hush()
        with Progress() if terminal else contextlib.nullcontext() as progress:
            if progress:
                watcher.set(progress)
            try:
                state = await rhythm(options, return_state=True)
            finally:
                await told(_DRAIN)
        report = run_value(state, BeatReport)
        if report is None:
            output.error(f"the beat itself failed: {state.message}")
            return None
        if is_temporary:
            await _recorded(report)
        return report


async def _recorded(report: BeatReport) -> None:
    """Wait until the server has written every step's end: its writers collect before they write."""
    if report.flow_run_id is None:
        return
    ran = sum(1 for group in report.groups for step in group.steps if step.was_reached)
    deadline = monotonic() + _FLUSH
    async with get_client() as client:
        while monotonic() < deadline:
            ended = await client.read_task_runs(
                flow_run_filter=FlowRunFilter(
                    parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[UUID(report.flow_run_id)])
                ),
                task_run_filter=TaskRunFilter(
                    state=TaskRunFilterState(type=TaskRunFilterStateType(any_=list(_FINAL)))
                ),
            )
            if len(ended) >= ran:
                return
            await asyncio.sleep(0.1)
    output.warning(f"the server has not written all {ran} step runs within {_FLUSH:g} s")


_FINAL = (StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED)


def _hush() -> None:
    """Keep what flows log off the screen: the table says it all in the end, and Prefect keeps the logs."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, PrefectConsoleHandler):
            handler.addFilter(lambda record: record.levelno >= logging.CRITICAL)


def _show(report: BeatReport) -> None:
    rows = []
    for group in report.groups:
        choice = group.choice
        rows.append(
            (
                choice.group,
                choice.outcome.value if choice.outcome else choice.decision.value,
                choice.reason,
                output.seconds(group.seconds) if choice.decision is Decision.RUN else "–",
                output.clock(choice.next_due, report.zone, report.at),
                ", ".join(f"{step.name} {step.outcome}" for step in group.steps),
            )
        )
    output.show(output.table(("group", "outcome", "why", "took", "next due", "steps"), rows))
    for group in report.groups:
        for step in group.steps:
            if step.outcome.is_failure:
                output.say(f"{group.choice.group} / {step.name}: {step.message}")
    output.say(f"{report.outcome} in {output.seconds(report.seconds)}")
