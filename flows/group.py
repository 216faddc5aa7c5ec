"""How any group runs its steps: one at a time, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import Any

from prefect import Flow, State
from prefect.events import emit_event
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.settings import get_current_settings
from prefect.states import Cancelled, Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from pydantic import BaseModel, ConfigDict, Field

from flows import cancellation, clock, ledger, stale
from flows.cadence import Decision
from flows.events import events_of
from flows.group_report import publish
from flows.history import DRY_RUN, flow_name
from flows.run_client import run_client
from flows.run_value import run_value
from flows.turn import is_ours, turn
from flows.watch import watcher
from tasks import settings as config
from tasks.builtin.contract import Context, Report
from tasks.measurements import GroupEvent, StepUsage
from tasks.outcome import Outcome, StepResult
from tasks.problem import ConfigError
from tasks.settings import Settings
from tasks.step import run_as_task
from tasks.step_settings import StepSettings


class GroupOptions(BaseModel):
    """What a person may choose for one run of a group."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = Field(default=False, description="Only say what would run.")


@dataclass(frozen=True, slots=True)
class GroupRun:
    """How a group's run ended: its steps in order, the ones that were not reached included."""

    outcome: Outcome
    seconds: float
    steps: tuple[StepResult, ...]
    message: str = ""


def one_at_a_time() -> TaskRunner[Any]:
    """The declared intent of every flow here. Steps are called directly, so nothing runs beside one."""
    runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=1)
    return runner


#: Where results would be kept. None is; but of a flow that names no place, Prefect asks the server for its
#: place, twice a beat.
RESULTS = get_current_settings().results.local_storage_path


@cache
def group_flow(name: str, description: str | None = None) -> Flow[[GroupOptions], Any]:
    """Return the flow of the group `name`, for runs by hand. Its final state holds the `GroupRun`."""

    async def group(options: GroupOptions = GroupOptions()) -> State[GroupRun]:  # noqa: B008
        return await run_group(name, options)

    return Flow(fn=group, description=description, result_storage=RESULTS, **_as_all(name))


@cache
def group_subflow(name: str) -> Flow[[], Any]:
    """Return the same flow as a beat calls it: without options, and with the beat's place for results.

    To write down a parameter, Prefect first imports FastAPI, which takes longer than many a group; for a
    place of its own, it makes two clients.
    """

    async def group() -> State[GroupRun]:
        return await run_group(name, GroupOptions())

    return Flow(fn=group, **_as_all(name))


def _as_all(name: str) -> dict[str, Any]:
    return {
        "name": flow_name(name),
        "flow_run_name": lambda: _run_name(name),
        "task_runner": one_at_a_time(),
        "persist_result": False,
    }


async def run_group(name: str, options: GroupOptions) -> State[GroupRun]:
    """Run the group's steps in this machine's turn, inside its flow run; return the final state."""
    log = get_run_logger()
    try:
        settings = config.load()
    except ConfigError as error:
        return Failed(message=str(error))  # said in the state; a traceback would say nothing more
    if name not in settings.groups:
        known = ", ".join(settings.groups)
        return Failed(message=f"rhythm.toml has no group {name}. It has {known}.")
    steps = settings.groups[name].steps
    if options.dry_run:
        names = ", ".join(step.name for step in steps)
        return Completed(name=DRY_RUN, message=f"would run {names}")
    by_hand = not is_ours()
    if by_hand:  # a beat has claimed its own run, and is asked for those below it
        await stale.claim(run_client(), flow_run.id)
    async with turn(settings.outputs_dir, patience=0) as held:
        if held:
            return _as_state(await _run(name, settings, by_hand))
    log.info("waits for its turn: another beat or group is running on this machine")
    watcher.get().turn_awaited()
    async with turn(settings.outputs_dir) as held:
        if held:
            return _as_state(await _run(name, settings, by_hand))
    return Cancelled(message=cancellation.current().reason)


async def _run(name: str, settings: Settings, by_hand: bool) -> GroupRun:
    """Run the steps, then leave the group's report, and write down what it cost."""
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
    run = await _run_steps(name, context)
    at, summary = started.astimezone(settings.zone), f"{run.outcome} in {run.seconds:.1f} s: {run.message}"
    if fault := await publish(name, at, run.steps, reports, summary):
        log.warning("%s", fault)
    # A beat writes down its decisions itself, those against a run as well.
    ran = GroupEvent(started, name, Decision.RUN, "by hand", run.outcome, run.seconds)
    await ledger.keep(settings, log, decisions=[ran] if by_hand else [], steps=spent)
    return run


async def _run_steps(name: str, context: Context) -> GroupRun:
    began = monotonic()
    group, watch = context.settings.groups[name], watcher.get()
    watch.group_begins(name, [step.name for step in group.steps])
    results: list[StepResult] = []
    failed: list[StepResult] = []
    last: StepResult | None = None  # the one after which no other begins
    for step in group.steps:
        if last:
            result = StepResult(step.name, Outcome.SKIPPED, 0.0, f"not run: {last.name} {last.outcome}")
        else:
            watch.step_begins(name, step)
            result = await _run_step(step, context)
        watch.step_ended(name, result)
        results.append(result)
        is_cancelled = result.outcome is Outcome.CANCELLED
        if is_cancelled or (result.outcome.is_failure and not step.optional):
            failed.append(result)
            last = result if is_cancelled or group.on_failure == "stop" else None
    outcome = Outcome.COMPLETED
    if failed:
        outcome = Outcome.CANCELLED if failed[-1].outcome is Outcome.CANCELLED else Outcome.FAILED
    told = failed or results
    message = "; ".join(f"{result.name}: {result.message or result.outcome}" for result in told)
    return GroupRun(outcome, monotonic() - began, tuple(results), message)


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


def _as_state(run: GroupRun) -> State[GroupRun]:
    match run.outcome:
        case Outcome.COMPLETED:
            return Completed(message=run.message, data=run)
        case Outcome.CANCELLED:
            return Cancelled(message=run.message, data=run)
        case _:
            return Failed(message=run.message, data=run)


def _emit(name: str, about: str, payload: Mapping[str, Any]) -> None:
    emit_event(name, resource={"prefect.resource.id": f"rhythm.{about}"}, payload=dict(payload))


def _run_name(name: str) -> str:
    """A group's run says what ran, when, and who asked."""
    asked = "beat" if is_ours() else "by hand"
    return f"{name} {clock.now().astimezone():%Y-%m-%d %H:%M} {asked}"
