"""The rhythm: one beat asks which groups are due, and runs them one at a time, in dependency order."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from time import monotonic
from typing import Any
from uuid import UUID

import httpx
from prefect import State
from prefect.artifacts import acreate_table_artifact
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed
from pydantic import BaseModel, ConfigDict, Field

from flows import cancel_requests, cancellation, clock, killed_beats, lane_failures, lanes, readings, recorder
from flows.beat_note import BeatNote
from flows.decisions.cadence import after_run, choose, decide, run_order
from flows.decisions.choice import Choice, Decision
from flows.decisions.group_runs import Run
from flows.decisions.situation import Situation
from flows.decisions.steps import GroupRun
from flows.group import RESULTS, GroupOptions, group_subflow, one_at_a_time
from flows.lock import beat_lock
from flows.memory import group_memory, history, hold_variables, naming, stale, undelivered
from flows.memory.states import SKIPPED
from flows.memory.whose import BEAT
from flows.owned_flow import owned
from flows.report import BeatReport, GroupReport, LaneFailure
from flows.run_value import run_value
from flows.server_absence import patiently
from tasks.outcome import Outcome
from tasks.problem import ConfigError, Problem, alternatives
from tasks.process import orphans
from tasks.settings import rhythm_toml as config
from tasks.settings.groups import MAIN, GroupName
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import BeatRecord, Reading

#: The key of the table that each beat leaves.
BEAT_KEY = "beat"
#: The final states of a beat in which nothing was to run, and of one in which something went wrong.
NOTHING_DUE, DEGRADED = "Nothing due", "Degraded"
_PATIENCE = 2.0  # seconds a beat waits for the lock; the next beat is never far


def _choice_of_groups(schema: dict[str, Any]) -> None:
    """Make a list of groups one of those that rhythm.toml has now: Prefect's form then offers them."""
    try:
        groups = list(config.load().groups)
    except ConfigError:
        return
    if groups:
        schema["items"] = {"type": "string", "enum": groups}
        schema["uniqueItems"] = True


class BeatOptions(BaseModel):
    """What a person may choose for one beat."""

    model_config = ConfigDict(extra="forbid")

    force: list[GroupName] = Field(
        default=[],
        max_length=100,
        description="Groups to run now, due or not, whatever they wait for.",
        json_schema_extra=_choice_of_groups,
    )
    dry_run: bool = Field(default=False, description="Only decide: report what would run, and why.")


@owned(
    group=BEAT,
    name=naming.RHYTHM,
    flow_run_name=lambda: f"beat {clock.now().astimezone():%Y-%m-%d %H:%M}",
    task_runner=one_at_a_time(),
    persist_result=False,
    result_storage=RESULTS,
)
async def rhythm(options: BeatOptions = BeatOptions()) -> State[BeatReport]:  # noqa: B008
    """One beat. Its table artifact shows for every group what it did, or why it did not."""
    log = get_run_logger()
    try:
        settings = config.load()
        known_groups(options.force, settings)
    except ConfigError as error:
        return Failed(message=str(error))

    await clock.reach(flow_run.scheduled_start_time)
    # Within a flow, Prefect's client is the one that the run has already.
    async with get_client() as client, cancel_requests.heard(client, UUID(str(flow_run.id))):
        await stale.claim(client, flow_run.id, settings)
        report = await Beat(client, settings, options, await _own_run(client, settings)).run()
        cancelled = cancellation.current()

    key = naming.artifact_key(settings, BEAT_KEY)
    try:
        await patiently(lambda: acreate_table_artifact(report.table, key=key, description=report.summary))
    except httpx.HTTPError as error:
        log.warning("Prefect did not take the table of this beat: %s", error or type(error).__name__)
    log.info("%s", report.summary)
    if cancelled.reason:
        return Cancelled(message=cancelled.reason, data=report)
    if options.dry_run:
        return Completed(name=history.DRY_RUN, message=report.summary, data=report)
    return Completed(name=_state_name(report), message=report.summary, data=report)


def _state_name(report: BeatReport) -> str | None:
    """Return what the beat's final state is called, for people to find those that matter; None: Completed."""
    if report.outcome == "degraded":
        return DEGRADED
    return NOTHING_DUE if report.is_idle else None


class Beat:
    """One beat: what it goes by, and what it has done so far.

    `own_run` is needed where there are other lanes. If it is one of a deployment, there is a worker, which
    takes what is started in those.
    """

    def __init__(
        self, client: PrefectClient, settings: Settings, options: BeatOptions, own_run: FlowRun | None
    ) -> None:
        self._client, self._settings, self._options = client, settings, options
        self._own_run = own_run
        self._deployment = own_run.deployment_id if own_run else None
        self._situation = Situation(
            settings, {}, clock.now(), force=options.force, apart=self._deployment is not None
        )
        self._done: dict[str, Choice] = {}
        self._groups: dict[str, GroupReport] = {}
        self._has_main = True
        self._has_watched = False
        self._reading: Reading | None = None

    async def run(self) -> BeatReport:
        """Go once through the groups: decide, and run or start those that are due."""
        began = monotonic()
        failures: tuple[LaneFailure, ...] = ()
        if self._own_run:
            failures = await lane_failures.since_last_beat(self._client, self._settings, self._own_run)
        async with AsyncExitStack() as main:
            is_ours = await main.enter_async_context(
                beat_lock(self._settings.outputs_dir, patience=_PATIENCE)
            )
            if is_ours:
                await repair(self._client, self._settings)
            now = clock.now()
            past = await history.in_slots(self._client, self._settings, now)
            memory = await group_memory.recall(self._client, self._settings, past, now)
            holds = await hold_variables.read(self._client, self._settings)
            if is_ours and not self._options.dry_run:
                await hold_variables.clear_past(self._client, self._settings, holds, now)
            self._situation = replace(
                self._situation,
                history=memory.completing(past),
                now=now,
                held_by=None if is_ours else "another beat or group is running on this machine",
                holds=holds,
                since=memory.since,
            )
            self._reading = await readings.counted(self._situation)
            if self._options.dry_run:
                if readings.depends_on_load(self._situation):
                    await self._watch()
                self._imagine()
            else:
                await group_memory.keep(self._client, self._settings, memory)
                await self._run_due(main)
        groups = [self._groups[name] for name in self._settings.order if name in self._groups]
        forced = tuple(self._options.force)
        return BeatReport(
            self._situation.now,
            monotonic() - began,
            tuple(groups),
            flow_run.id,
            self._settings.zone,
            forced,
            failures,
        )

    def _imagine(self) -> None:
        choices = decide(self._situation)
        self._groups = {choice.group: GroupReport(replace(choice, outcome=None)) for choice in choices}

    async def _run_due(self, main: AsyncExitStack) -> None:
        """Run each group that is due, until all are through or the beat is cancelled.

        What takes other lanes' groups hours does not keep `main` from others: its lock is given back before.
        """
        log = get_run_logger()
        at, began = self._situation.now, monotonic()
        if readings.concerns_lanes(self._situation):
            await self._watch()
        for choice in run_order(lambda: self._situation, self._done):
            if not self._has_watched and readings.rests_on_load(choice, self._situation):
                await self._watch()
                choice = choose(choice.group, self._situation, self._done)
            if cancellation.current().reason:
                break
            if not self._situation.apart and choice.lane != MAIN:
                await main.aclose()
                self._has_main = False
            group = await self._carried_out(choice)
            self._done[choice.group] = group.choice
            self._groups[choice.group] = group
            if group.started:  # written down at once: the groups after it may want to report it
                await recorder.keep(self._settings, log, decisions=[recorder.decision_of(group, at)])
        not_run = [
            recorder.decision_of(group, at)
            for group in self._groups.values()
            if group.started is None and not group.choice.is_started  # which its own run writes down
        ]
        beat = BeatRecord(at, monotonic() - began, self._note().text())
        measured = [self._reading] if self._reading else []
        await recorder.keep(self._settings, log, decisions=not_run, readings=measured, beats=[beat])

    async def _watch(self) -> None:
        """Learn what the load is. What never waits does not wait for that either: it has run before."""
        self._situation, self._reading = await readings.watch(self._situation, get_run_logger())
        self._has_watched = True

    def _note(self) -> BeatNote:
        """Return what else this beat has decided by, for whoever replays it."""
        reached = None if len(self._groups) == len(self._settings.groups) else tuple(self._groups)
        situation = self._situation
        return BeatNote(tuple(situation.force), situation.held_by is not None, situation.holds, reached)

    async def _carried_out(self, choice: Choice) -> GroupReport:
        """Run or start the group, if that was decided."""
        if choice.decision is not Decision.RUN:
            return GroupReport(choice)
        # Without the lane's lock, what was decided may not hold any more once it is there.
        is_sure = self._has_main and choice.lane == MAIN
        if_due = not is_sure and choice.group not in self._options.force
        if choice.is_started and self._deployment:
            options = GroupOptions(if_due=if_due)
            await lanes.start(self._client, self._settings, choice.group, self._deployment, options)
            return GroupReport(choice)
        return await _run(self._client, choice, self._situation, if_due=if_due)


async def repair(client: PrefectClient, settings: Settings) -> None:
    """Clear away what a killed beat has left: its scripts, and runs that nobody runs any more."""
    log = get_run_logger()
    for script in await orphans.sweep(settings.outputs_dir):
        log.warning("ended %s, left over from a beat that was killed", script)
    for run in await undelivered.deliver(client, settings.outputs_dir, clock.now()):
        log.warning("reported to Prefect how %r had ended: it did not take that at the time", run)
    crashed = await stale.crash_stale(client, settings, clock.now())
    for each in crashed:
        log.warning("set %r crashed: the process that ran it is gone", each.name)
    await killed_beats.write_down(settings, crashed, log.warning)


async def _own_run(client: PrefectClient, settings: Settings) -> FlowRun | None:
    """Return the run that this is, as the server has it; it is asked for only if there are other lanes."""
    return None if settings.lanes == (MAIN,) else await client.read_flow_run(UUID(str(flow_run.id)))


def known_groups(names: Sequence[str], settings: Settings, where: str = "force") -> None:
    """Refuse names that are no groups; `where` is what has them.

    Raises:
        ConfigError: naming the ones that are.
    """
    problems = [
        Problem(where, f"no such group: '{name}'", alternatives("groups", name, settings.groups))
        for name in names
        if name not in settings.groups
    ]
    if problems:
        raise ConfigError(problems)


async def _run(client: PrefectClient, choice: Choice, situation: Situation, *, if_due: bool) -> GroupReport:
    """Run a group as a subflow."""
    started, began = clock.now(), monotonic()
    state = await _ran(client, choice.group, if_due)
    run = run_value(state, GroupRun)
    seconds = monotonic() - began
    if state.name == SKIPPED and run is None:  # it was not due any more when it had its lane
        return GroupReport(replace(choice, decision=Decision.BUSY, reason=state.message or ""))
    outcome = history.outcome_of(state) or Outcome.CRASHED
    steps = run.steps if run else ()
    ended = clock.now()
    at_its_end = Situation(situation.settings, situation.history, ended, holds=situation.holds)
    choice = after_run(choice, Run(started, ended, outcome), at_its_end)
    run_id = state.state_details.flow_run_id
    if run_id:
        undelivered.forget(situation.settings.outputs_dir, str(run_id))
    fault = run.fault if run else history.fault_of(state)
    return GroupReport(choice, started, seconds, steps, str(run_id) if run_id else None, fault)


async def _ran(client: PrefectClient, group: str, if_due: bool) -> State[Any]:
    """Run a group's subflow and return its final state, whatever somebody does to its run meanwhile."""
    try:
        state: State[Any] = await group_subflow(group, if_due=if_due)(return_state=True)
    except ObjectNotFound:
        return Cancelled(message="Its run was deleted.")
    if state.is_cancelling():  # asked for as it ended by itself: Prefect takes no other end from it then
        run_id = state.state_details.flow_run_id
        state = Cancelled(message="It was cancelled.")
        if run_id:
            await client.set_flow_run_state(run_id, state, force=True)
            state.state_details.flow_run_id = run_id
    return state
