"""The rhythm: one beat asks which groups are due, and runs them one at a time, in dependency order."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import Any

from prefect import State, flow
from prefect.artifacts import acreate_table_artifact
from prefect.client.orchestration import PrefectClient
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed
from pydantic import BaseModel, ConfigDict, Field

from flows import cancellation, clock, history, ledger, stale
from flows.cadence import Choice, Decision, History, Run, after_run, choose, decide
from flows.group import RESULTS, GroupRun, group_subflow, one_at_a_time
from flows.report import BeatReport, GroupReport
from flows.run_client import run_client
from flows.run_value import run_value
from flows.turn import turn
from tasks import orphans
from tasks import settings as config
from tasks.group_settings import GroupName
from tasks.outcome import Outcome
from tasks.problem import ConfigError, Problem
from tasks.settings import Settings

FLOW_NAME = "rhythm"
#: The key of the table that each beat leaves.
BEAT_KEY = "beat"
_PATIENCE = 2.0  # seconds a beat waits for its turn; the next beat is never far


class BeatOptions(BaseModel):
    """What a person may choose for one beat."""

    model_config = ConfigDict(extra="forbid")

    force: list[GroupName] = Field(
        default=[], max_length=100, description="Groups to run now, due or not, whatever they wait for."
    )
    dry_run: bool = Field(default=False, description="Only decide: say what would run, and why.")


@flow(
    name=FLOW_NAME,
    flow_run_name=lambda: f"beat {clock.now().astimezone():%Y-%m-%d %H:%M}",
    task_runner=one_at_a_time(),
    persist_result=False,
    result_storage=RESULTS,
)
async def rhythm(options: BeatOptions = BeatOptions()) -> State[BeatReport]:  # noqa: B008
    """One beat. Its table artifact says for every group what it did, or why it did not."""
    log = get_run_logger()
    try:
        settings = config.load()
        known_groups(options.force, settings)
    except ConfigError as error:
        return Failed(message=str(error))

    await clock.reach(flow_run.scheduled_start_time)
    client = run_client()
    async with turn(settings.outputs_dir, patience=_PATIENCE) as ours:
        await stale.claim(client, flow_run.id)
        if ours:
            await mend(client, settings)
        held_by = None if ours else "another beat or group is running on this machine"
        report = await beat(client, settings, options, held_by)

    await acreate_table_artifact(report.table, key=BEAT_KEY, description=report.summary)
    log.info("%s", report.summary)
    if reason := cancellation.current().reason:
        return Cancelled(message=reason, data=report)
    if options.dry_run:
        return Completed(name=history.DRY_RUN, message=report.summary, data=report)
    name = "Degraded" if report.outcome == "degraded" else None
    return Completed(name=name, message=report.summary, data=report)


async def beat(
    client: PrefectClient, settings: Settings, options: BeatOptions, held_by: str | None
) -> BeatReport:
    """Go once through the groups in order: decide, and run those whose turn it is."""
    at, began = clock.now(), monotonic()
    past: History = await history.in_slots(client, settings, at)
    if options.dry_run:
        imagined = decide(settings, past, at, force=options.force, held_by=held_by)
        groups = [GroupReport(replace(choice, outcome=None)) for choice in imagined]
    else:
        groups = await _run_due(settings, past, at, options, held_by)
    return BeatReport(at, monotonic() - began, tuple(groups), flow_run.id, settings.zone)


async def _run_due(
    settings: Settings, past: History, at: datetime, options: BeatOptions, held_by: str | None
) -> list[GroupReport]:
    log = get_run_logger()
    done: dict[str, Choice] = {}
    groups: list[GroupReport] = []
    for name in settings.order:
        if cancellation.current().reason:
            break
        forced = name in options.force
        choice = choose(name, settings, past, at, earlier=done, forced=forced, held_by=held_by)
        run = choice.decision is Decision.RUN
        group = await _run(choice, settings, past) if run else GroupReport(choice)
        done[name] = group.choice
        groups.append(group)
        if run:  # written down at once: the groups after it may want to tell of it
            await ledger.keep(settings, log, decisions=[ledger.decision_of(group, at)])
    held = [ledger.decision_of(group, at) for group in groups if group.started is None]
    await ledger.keep(settings, log, decisions=held)
    return groups


async def mend(client: PrefectClient, settings: Settings) -> None:
    """Clear away what a killed beat has left: its scripts, and runs that nobody runs any more."""
    log = get_run_logger()
    for script in await orphans.sweep(settings.outputs_dir):
        log.warning("ended %s, left over from a beat that was killed", script)
    for run in await stale.crash_stale(client, flow_names(settings), clock.now()):
        log.warning("set %r crashed: the process that ran it is gone", run)


def flow_names(settings: Settings) -> list[str]:
    """Return the names of all flows of this rhythm."""
    return [FLOW_NAME, *(history.flow_name(name) for name in settings.groups)]


def known_groups(names: list[str], settings: Settings) -> None:
    """Refuse names that are no groups.

    Raises:
        ConfigError: naming the ones that are.
    """
    problems = [
        Problem("force", f"'{name}' is no group", f"The groups are {', '.join(settings.groups)}.")
        for name in names
        if name not in settings.groups
    ]
    if problems:
        raise ConfigError(problems)


async def _run(choice: Choice, settings: Settings, past: History) -> GroupReport:
    """Run a group as a subflow."""
    started, began = clock.now(), monotonic()
    state: State[Any] = await group_subflow(choice.group)(return_state=True)
    run = run_value(state, GroupRun)
    seconds = monotonic() - began
    outcome = history.outcome_of(state) or Outcome.CRASHED
    steps = run.steps if run else ()
    ended = clock.now()
    choice = after_run(choice, Run(started, ended, outcome), settings, past, ended)
    return GroupReport(choice, started, seconds, steps)
