"""How any group runs its steps: one at a time, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from time import monotonic
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from prefect import Flow, State
from prefect.client.orchestration import PrefectClient, get_client
from prefect.events import emit_event
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.settings import get_current_settings
from prefect.states import Cancelled, Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from pydantic import BaseModel, ConfigDict, Field

from flows import cancel_requests, cancellation, clock, recorder
from flows.decisions import steps
from flows.decisions.cadence import choose_alone
from flows.decisions.choice import Choice, Decision
from flows.decisions.situation import Situation
from flows.decisions.slots import slot_at
from flows.decisions.steps import GroupRun
from flows.description import group_description
from flows.group_report import publish
from flows.lock import beat_lock
from flows.memory import group_memory, history, hold_variables, stale, undelivered
from flows.memory.events import events_of
from flows.memory.history import DRY_RUN
from flows.memory.naming import flow_name
from flows.memory.states import SKIPPED, state_of
from flows.memory.whose import part_version
from flows.owned_flow import OwnedFlow
from flows.run_value import run_value
from flows.watch import watcher
from tasks.builtin.contract import Context, Report
from tasks.outcome import Outcome, StepResult, labelled
from tasks.problem import ConfigError, alternatives
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings
from tasks.settings.steps import StepSettings
from tasks.step import run_as_task
from tasks.store.measurements import GroupEvent, StepUsage

P = ParamSpec("P")
R = TypeVar("R")


class GroupOptions(BaseModel):
    """What a person may choose for one run of a group."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = Field(default=False, description="Only report what would run.")
    if_due: bool = Field(default=False, description="Run only if a beat would, once its lane is free.")
    only: list[str] = Field(
        default=[],
        max_length=1000,
        description="Only these of its steps. Such a run does not count as one of the group.",
    )
    counts: bool = Field(
        default=False,
        description="With `only`: it counts all the same, as the others have completed already.",
    )

    @property
    def is_part(self) -> bool:
        """Whether the run does not count as one of the group."""
        return bool(self.only) and not self.counts


def one_at_a_time() -> TaskRunner[Any]:
    """The declared intent of every flow here. Steps are called directly, so nothing runs beside one."""
    runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=1)
    return runner


#: Where results would be kept. None is; but of a flow that names no place, Prefect asks the server for its
#: place, twice a beat.
RESULTS = get_current_settings().results.local_storage_path


class GroupFlow(OwnedFlow[P, R]):
    """The flow of a group, which describes itself by the rhythm.toml of that time."""

    def __init__(self, fn: Callable[P, R], *, group: str, purpose: str = "", **options: Any) -> None:
        self._purpose = purpose
        super().__init__(fn, group=group, **options)

    @property
    def description(self) -> str | None:
        """What its deployment has, unless prefect.yaml has its own; None if there is no such group."""
        try:
            return group_description(self._group, config.load(), self._purpose)
        except (ConfigError, KeyError):
            return None

    @description.setter
    def description(self, value: str | None) -> None:
        pass


@cache
def group_flow(name: str, purpose: str = "") -> Flow[[GroupOptions], Any]:
    """Return the flow of the group `name`, for manual runs. Its final state holds the `GroupRun`.

    `purpose` is what its description begins with.
    """

    async def group(options: GroupOptions = GroupOptions()) -> State[GroupRun]:  # noqa: B008
        return await run_group(name, options)

    def run_name() -> str:
        # As they came, or already validated.
        options = GroupOptions.model_validate(flow_run.parameters.get("options") or {})
        return _run_name(name, "beat" if options.if_due else "manually", options.only)

    return GroupFlow(
        fn=group,
        purpose=purpose,
        result_storage=RESULTS,
        flow_run_name=run_name,
        **_as_all(name),
    )


def configured(name: str) -> Flow[[GroupOptions], Any] | None:
    """Return the flow of a group of rhythm.toml, as that is now; None if it has none of that name."""
    try:
        return group_flow(name) if name in config.load().groups else None
    except ConfigError:
        return None


@cache
def group_subflow(name: str, *, if_due: bool = False) -> Flow[[], Any]:
    """Return the same flow as a beat calls it: without options, and with the beat's place for results.

    `if_due` is that of the options. To write down a parameter, Prefect first imports FastAPI, which takes
    longer than many a group; for a place of its own, it makes two clients.
    """

    async def group() -> State[GroupRun]:
        return await run_group(name, GroupOptions(if_due=if_due), in_beat=True)

    return OwnedFlow(fn=group, flow_run_name=lambda: _run_name(name, "beat"), **_as_all(name))


def group_here(name: str, options: GroupOptions, arguments: Sequence[str]) -> Flow[[], Any]:
    """Return the flow of one run, in which the steps of `only` get more arguments than rhythm.toml has.

    No run of a deployment can have them: what is on the server does not decide what a script is given.
    """

    async def group() -> State[GroupRun]:
        return await run_group(name, options, arguments=arguments)

    return OwnedFlow(
        fn=group, flow_run_name=lambda: _run_name(name, "manually", options.only), **_as_all(name)
    )


def _as_all(name: str) -> dict[str, Any]:
    return {
        "group": name,
        "name": flow_name(name),
        "task_runner": one_at_a_time(),
        "persist_result": False,
    }


async def run_group(
    name: str, options: GroupOptions, in_beat: bool = False, arguments: Sequence[str] = ()
) -> State[GroupRun]:
    """Run the group's steps once its lane is free, inside its flow run; return the final state.

    The steps of the options' `only` get the `arguments` behind their own.
    """
    try:
        settings = config.load()
    except ConfigError as error:
        return Failed(message=str(error))  # it is in the state; a traceback would add nothing
    if name not in settings.groups:
        known = ", ".join(settings.groups)
        return Failed(message=f"rhythm.toml has no group {name}. It has {known}.")
    group = settings.groups[name]
    names = [step.name for step in group.steps]
    if options.dry_run:
        return Completed(name=DRY_RUN, message=f"would run {', '.join(options.only or names)}")
    if arguments:
        settings = _with_arguments(settings, name, options.only, arguments)
    if in_beat:
        with cancellation.current().of_group(UUID(str(flow_run.id))):
            return await _once_free(name, settings, options, in_beat)
    # A beat has claimed its own run, and is asked for those below it. This client is the run's own.
    async with get_client() as client, cancel_requests.heard(client, UUID(str(flow_run.id))):
        await _claim(client, name, settings, options)
        if unknown := [step for step in options.only if step not in names]:
            remedy = alternatives("steps", unknown[0], names)
            return Failed(message=f"the group {name} has no step '{unknown[0]}'. {remedy}")
        return await _once_free(name, settings, options, in_beat)


async def _claim(client: PrefectClient, name: str, settings: Settings, options: GroupOptions) -> None:
    """Note on the run who runs it; and if so, that it does not count as one of the group."""
    if options.is_part:
        version = part_version(settings.name, name)
        await client.update_flow_run(UUID(str(flow_run.id)), flow_version=version)
    await stale.claim(client, flow_run.id, settings)


def _with_arguments(settings: Settings, name: str, only: Sequence[str], arguments: Sequence[str]) -> Settings:
    """Return the settings in which these steps of a group have more arguments."""
    group = settings.groups[name]
    changed = tuple(
        step.model_copy(update={"run": (*step.run, *arguments)}) if step.name in only else step
        for step in group.steps
    )
    groups = {**settings.groups, name: group.model_copy(update={"steps": changed})}
    return settings.model_copy(update={"groups": groups})


async def _once_free(name: str, settings: Settings, options: GroupOptions, in_beat: bool) -> State[GroupRun]:
    """Run the group as soon as its lane is free; cancelled, if that is asked for before."""
    log, lane = get_run_logger(), settings.groups[name].lane
    async with beat_lock(settings.outputs_dir, patience=0, lane=lane) as held:
        if held:
            return await _with_lock(name, settings, options, in_beat)
    log.info("waits for its lane, %s: another beat or group is running in it", lane)
    watcher.get().lock_awaited()
    async with beat_lock(settings.outputs_dir, lane=lane) as held:
        if held:
            return await _with_lock(name, settings, options, in_beat)
    return Cancelled(message=cancellation.current().reason)


async def _with_lock(name: str, settings: Settings, options: GroupOptions, in_beat: bool) -> State[GroupRun]:
    """Run the group, which has its lane; with `if_due`, only if that is still so."""
    reason = "manually"
    if options.if_due:
        choice = await _decided_again(name, settings)
        if choice.decision is not Decision.RUN:
            return Completed(name=SKIPPED, message=f"not run: {choice.decision.label}, {choice.reason}")
        reason = choice.reason
    return state_of(await _run(name, settings, options, None if in_beat or options.is_part else reason))


async def _decided_again(name: str, settings: Settings) -> Choice:
    """Return what a beat would decide for the group now, if this run of it were not there.

    The load is left out: whether it waits for a quieter beat, the one that has started it has decided.
    """
    now = clock.now()
    async with get_client() as client:  # within a flow, the one that the run has already
        past = await history.in_slots(client, settings, now, but=UUID(str(flow_run.id)))
        holds = await hold_variables.read(client, settings)
        memory = await group_memory.recall(client, settings, past, now)
    known = memory.completing(past)
    situation = Situation(settings, known, now, holds=holds, since=memory.since)
    return choose_alone(name, situation, earlier={})


async def _run(name: str, settings: Settings, options: GroupOptions, reason: str | None) -> GroupRun:
    """Run the steps, then leave the group's report, and write down what it cost.

    `reason` is why it runs; None in a beat, which writes down its decisions itself, and for a part.
    """
    log, started = get_run_logger(), clock.now()
    reports: list[Report] = []
    spent: list[StepUsage] = []
    context = Context(
        settings,
        log,
        now=lambda: clock.now().astimezone(settings.zone),
        events=events_of(settings),
        publish=reports.append,
        emit=_emit,
        group=name,
        spent=spent.append,
    )
    run = await _run_steps(name, context, options.only)
    if not options.is_part:
        fault = undelivered.keep(settings.outputs_dir, str(flow_run.id), name, started, clock.now(), run)
        if fault:
            log.warning("%s", fault)
    at, outcome = started.astimezone(settings.zone), labelled(run.outcome, run.has_warning)
    summary = f"{outcome} in {run.seconds:.1f} s: {run.message}"
    if fault := await publish(settings, name, at, run.steps, reports, summary):
        log.warning("%s", fault)
    ended = (run.outcome, run.seconds, str(flow_run.id), run.fault)
    ran = GroupEvent(started, name, Decision.RUN, reason or "", *ended)
    await recorder.keep(settings, log, decisions=[ran] if reason else [], steps=spent)
    return run


async def _run_steps(name: str, context: Context, only: Sequence[str]) -> GroupRun:
    began = monotonic()
    group, watch = context.settings.groups[name], watcher.get()
    watch.group_begins(name, [step.name for step in group.steps])
    results: list[StepResult] = []
    not_today = await _not_today(name, context.settings)
    for step in group.steps:
        result = steps.not_run(group, results, only, not_today)
        if result is None:
            watch.step_begins(name, step)
            result = await _run_step(step, context)
        watch.step_ended(name, result)
        results.append(result)
    return steps.concluded(group, results, monotonic() - began)


async def _not_today(name: str, settings: Settings) -> set[str]:
    """Return the names of the steps that this run leaves out."""
    group, now = settings.groups[name], clock.now()
    completed = None
    if any(step.every for step in group.steps):
        async with get_client() as client:
            before = slot_at(group, now, settings.zone).start
            completed = await history.last_completed(client, settings, name, before)
    return steps.not_today(group, now, settings.zone, completed)


async def _run_step(step: StepSettings, context: Context) -> StepResult:
    began = monotonic()
    ended = cancellation.current()
    with ended.heeded() as scope:
        state: State[Any] = await run_as_task(step, context)
    if scope.cancelled_caught:
        return StepResult(step.name, Outcome.CANCELLED, monotonic() - began, ended.reason)
    # Without a value the task run itself has crashed; its state says why.
    crashed = StepResult(step.name, Outcome.FAILED, monotonic() - began, state.message or state.name or "")
    return run_value(state, StepResult) or crashed


def _emit(name: str, about: str, payload: Mapping[str, Any]) -> None:
    emit_event(name, resource={"prefect.resource.id": f"rhythm.{about}"}, payload=dict(payload))


def _run_name(name: str, asked: str, only: Sequence[str] = ()) -> str:
    """Name a group's run by what ran, when, who asked, and for which steps if not for all."""
    part = f": {', '.join(only)}" if only else ""
    return f"{name} {clock.now().astimezone():%Y-%m-%d %H:%M} {asked}{part}"
