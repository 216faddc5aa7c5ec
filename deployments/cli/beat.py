"""`rhythm beat`: one beat now, in this process, and what it did."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Sequence
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

from deployments.cli import check, console
from deployments.cli.progress import ProgressDisplay
from deployments.prefect_internals import console_text, log_batches
from deployments.prefect_internals.drain import drain
from deployments.server.temporary import some_server
from deployments.worker import name_claim
from flows.cadence import Decision
from flows.pages import PAGE, every
from flows.report import BeatReport
from flows.rhythm import BeatOptions, known_groups, rhythm
from flows.run_value import run_value
from flows.watch import watcher
from tasks.problem import CommandError
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings
from tasks.step_output.places import FOLDER

_DRAIN = 10.0  # seconds to send the last logs and events
_FLUSH = 20.0  # seconds for the server's writers, which collect for one


def run(*, force: Sequence[str], dry_run: bool, json: bool) -> int:
    """Beat once. Return 0 if all is well, 1 if a group failed or waits for one that did.

    Raises:
        ConfigError: rhythm.toml cannot be used; nothing was started.
        CommandError: there is no server, or the beat itself failed.
    """
    settings = config.load()
    check.ready(settings)
    known_groups(force, settings)
    options = BeatOptions(force=list(force), dry_run=dry_run)
    try:
        report, lines_left = asyncio.run(_beat(settings, options, quiet=json))
    except TerminationSignal:  # Prefect's word for SIGTERM while a flow runs
        raise KeyboardInterrupt from None
    if json:
        console.show_json(report.to_json())
    else:
        _show(report)
    code = 0 if report.outcome == "completed" else 1
    if lines_left:
        where = settings.outputs_dir / FOLDER
        console.warning(
            f"{lines_left:,} log lines did not reach Prefect's server within {_DRAIN:g} s, and are given up; "
            f"what scripts printed is in {where}"
        )
        _leave(code)
    return code


def _leave(code: int) -> None:
    """End this process at once: Prefect would go on to send what is left, to a server that may have ended."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


async def _beat(settings: Settings, options: BeatOptions, quiet: bool) -> tuple[BeatReport, int]:
    """Return the report, and how many log lines could not be sent."""
    log_batches.send_once()
    console_text.as_it_is()
    lines_left = 0
    async with some_server(settings) as is_temporary:
        terminal = sys.stderr.isatty() and not quiet
        async with get_client() as client:
            await name_claim.claim(client, settings)
        if not quiet:
            _hush()
        with ProgressDisplay() if terminal else contextlib.nullcontext() as progress:
            if progress:
                watcher.set(progress)
            try:
                state = await rhythm(options, return_state=True)
            finally:
                lines_left = await drain(_DRAIN)
        report = run_value(state, BeatReport)
        if report is None:
            raise CommandError(f"the beat itself failed: {state.message}")
        if is_temporary:
            await _recorded(report)
        return report, lines_left


async def _recorded(report: BeatReport) -> None:
    """Wait until the server has written every step's end: its writers collect before they write."""
    if report.flow_run_id is None:
        return
    ran = sum(1 for group in report.groups for step in group.steps if step.was_reached)
    below = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[UUID(report.flow_run_id)]))
    final = TaskRunFilter(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=list(_FINAL))))
    deadline = monotonic() + _FLUSH
    async with get_client() as client:
        while monotonic() < deadline:
            ended = await every(
                lambda offset: client.read_task_runs(
                    flow_run_filter=below, task_run_filter=final, limit=PAGE, offset=offset
                )
            )
            if len(ended) >= ran:
                return
            await asyncio.sleep(0.1)
    console.warning(f"the server has not written all {ran} step runs within {_FLUSH:g} s")


_FINAL = (StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED)


def _hush() -> None:
    """Keep what flows log off the screen: the table shows it all in the end, and Prefect keeps the logs."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, PrefectConsoleHandler):
            handler.addFilter(lambda record: record.levelno >= logging.CRITICAL)


def _show(report: BeatReport) -> None:
    rows = []
    for group in report.groups:
        choice = group.choice
        rows.append(
            (
                choice.label,
                group.label or choice.decision.label,
                choice.reason,
                console.seconds(group.seconds) if choice.decision is Decision.RUN else "–",
                console.clock(choice.next_due, report.zone, report.at),
                ", ".join(f"{step.name} {step.label}" for step in group.steps),
            )
        )
    console.show(console.table(("group", "outcome", "why", "took", "next due", "steps"), rows))
    for group in report.groups:
        for step in group.steps:
            if step.fault:
                console.say(f"{group.choice.group} / {step.name}: {step.message}")
    for name, reason in report.not_forced.items():
        console.error(f"--force {name}: it did not run: {reason}")
    console.say(f"{report.outcome} in {console.seconds(report.seconds)}")
