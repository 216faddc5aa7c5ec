"""`rhythm beat`: one beat now, in this process, and what it did."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterParentFlowRunId
from prefect.exceptions import TerminationSignal

from deployments.cli import check, console, in_process
from deployments.cli.progress import ProgressDisplay, needs_of_steps
from deployments.cli.tables import Column, Kind, Table
from deployments.prefect_internals.drain import drain
from deployments.server.temporary import some_server
from deployments.worker import name_claim
from flows.decisions.choice import DUE, Choice, Decision
from flows.report import BeatReport
from flows.rhythm import BeatOptions, known_groups, rhythm
from flows.run_value import run_value
from flows.watch import watcher
from tasks.problem import CommandError
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings

#: Of the table of groups.
COLUMNS = (
    Column("group", Kind.NAME),
    Column("outcome"),
    Column("why", Kind.TEXT),
    Column("took", spare=True),
    Column("next due"),
    Column("steps", Kind.TEXT),
)


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
    in_process.give_up(lines_left, settings, code)
    return code


async def _beat(settings: Settings, options: BeatOptions, quiet: bool) -> tuple[BeatReport, int]:
    """Return the report, and how many log lines could not be sent."""
    in_process.prepare()
    lines_left = 0
    async with some_server(settings) as is_temporary:
        terminal = sys.stderr.isatty() and not quiet
        async with get_client() as client:
            await name_claim.claim(client, settings)
        if not quiet:
            in_process.hush()
        with ProgressDisplay(needs_of_steps(settings)) if terminal else contextlib.nullcontext() as progress:
            if progress:
                watcher.set(progress)
            try:
                state = await rhythm(options, return_state=True)
            finally:
                lines_left = await drain(in_process.DRAIN)
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
    parent = FlowRunFilterParentFlowRunId(any_=[UUID(report.flow_run_id)])
    await in_process.steps_written(FlowRunFilter(parent_flow_run_id=parent), ran)


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
                _next_due(choice, report),
                ", ".join(f"{step.name} {step.label}" for step in group.steps),
            )
        )
    console.show(Table(COLUMNS, rows))
    for group in report.groups:
        for step in group.steps:
            if step.fault:
                console.say(f"{group.choice.group} / {step.name}: {step.message}")
    for failure in report.lane_failures:
        console.warning(f"since the last beat, {failure.sentence(report.zone)}")
    for name, reason in report.not_forced.items():
        console.error(f"--force {name}: it did not run: {reason}")
    console.say(f"{report.outcome} in {console.seconds(report.seconds)}")


def _next_due(choice: Choice, report: BeatReport) -> str:
    if choice.decision in DUE and choice.outcome is None:
        return "now"
    return console.clock(choice.next_due, report.zone, report.at)
