"""Runs one step, built-in or script, and says how it ended; as a Prefect task, with its retries."""

from __future__ import annotations

import logging
from collections.abc import Coroutine
from contextlib import nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache
from time import monotonic
from typing import Any

import anyio
import anyio.to_thread
from prefect import State, Task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger
from prefect.runtime import task_run
from prefect.states import Completed, Failed

from tasks import exit_status, powershell, script
from tasks.builtin.contract import Context, built_in
from tasks.command import ScriptMissingError, ScriptRefusedError, command, environment, locate
from tasks.measurements import StepUsage
from tasks.outcome import Outcome, StepFailedError, StepResult, unexpected
from tasks.powershell_errors import Errors, error_file
from tasks.redacted_log import RedactedLog
from tasks.redaction import redactor
from tasks.step_settings import RETRY_JITTER, StepSettings
from tasks.usage import UNKNOWN, Cost, OwnMeter
from tasks.visible import visible


async def run_step(step: StepSettings, context: Context, attempt: int = 1) -> StepResult:
    """Run a step once and return how it ended; only cancellation is raised.

    `context.spent` is given what it cost, unless it was cancelled. Whatever the step hands out is without
    secrets and control characters: log, message, reports and events.
    """
    redact = redactor(context.settings, step.env)
    publish, emit = context.publish, context.emit

    def shown(text: str) -> str:
        return visible(redact(text))

    context = replace(
        context,
        log=RedactedLog(context.log, redact),
        publish=lambda report: publish(
            replace(report, text=shown(report.text), summary=shown(report.summary), link=shown(report.link))
        ),
        emit=lambda name, about, payload: emit(name, shown(about), redact.value(payload)),
    )
    at, began = context.now(), monotonic()
    run = _run_script if step.is_script else _run_built_in
    try:
        ending = await run(step, context)
    except Exception as error:
        # Prefect would log it, and put it into a state, as it is. Here it is like any other failure.
        context.log.exception("unexpected error")
        ending = _Ending(Outcome.FAILED, unexpected(error))
    seconds = monotonic() - began
    cost = (ending.cost.cpu_seconds, ending.cost.peak_memory)
    context.spent(StepUsage(at, context.group, step.name, attempt, ending.outcome, seconds, *cost))
    return StepResult(step.name, ending.outcome, seconds, shown(ending.message), ending.exit_code)


async def run_as_task(step: StepSettings, context: Context) -> State[StepResult]:
    """Run `step` as a Prefect task, with its retries; its final state holds the `StepResult`."""
    token = _current.set((step, context))
    try:
        task = _task(step.name, step.retries, step.retry_delay)
        state: State[StepResult] = await task(return_state=True)  # type: ignore[misc]  # declared for sync tasks only
        return state
    finally:
        _current.reset(token)


# No parameters of the task: Prefect would search them, and all settings with them, for the results of
# other tasks, at every step.
_current: ContextVar[tuple[StepSettings, Context]] = ContextVar("current")


async def _run_current() -> State[StepResult]:
    step, context = _current.get()
    attempt = task_run.run_count or 1
    return _as_state(await run_step(step, replace(context, log=get_run_logger()), attempt))


@lru_cache(maxsize=4096)
def _task(
    name: str, retries: int, retry_delay: tuple[float, ...]
) -> Task[[], Coroutine[Any, Any, State[StepResult]]]:
    """Return the task of a step. Prefect reads source files to make one, so it is kept."""
    return Task(
        fn=_run_current,
        name=name,
        task_run_name=name.replace("{", "{{").replace("}", "}}"),
        retries=retries,
        retry_delay_seconds=list(retry_delay),
        retry_jitter_factor=RETRY_JITTER,
        cache_policy=NO_CACHE,
        persist_result=False,
    )


def _as_state(result: StepResult) -> State[StepResult]:
    match result.outcome:
        case Outcome.COMPLETED:
            return Completed(message=result.message, data=result)
        case Outcome.SKIPPED:
            return Completed(name="Skipped", message=result.message, data=result)
        case Outcome.TIMED_OUT:
            return Failed(name="TimedOut", message=result.message, data=result)
        case _:
            return Failed(message=result.message, data=result)


@dataclass(frozen=True, slots=True)
class _Ending:
    outcome: Outcome
    message: str
    exit_code: int | None = None
    cost: Cost = UNKNOWN


async def _run_built_in(step: StepSettings, context: Context) -> _Ending:
    """Run a built-in in a thread. At its time-out it is no longer waited for: a thread cannot be ended."""
    message = None
    fault: StepFailedError | None = None
    module = built_in(step.run[0])
    with OwnMeter() as meter, anyio.move_on_after(step.timeout.total_seconds()):
        try:
            message = await anyio.to_thread.run_sync(
                module.main, step.run[1:], context, abandon_on_cancel=True
            )
        except StepFailedError as error:
            fault = error
    if fault:
        return _Ending(Outcome.FAILED, str(fault), cost=meter.cost)
    if message is None:
        return _Ending(Outcome.TIMED_OUT, _too_long(step), cost=meter.cost)
    return _Ending(Outcome.COMPLETED, message, cost=meter.cost)


async def _run_script(step: StepSettings, context: Context) -> _Ending:
    settings = context.settings
    try:
        path = locate(step, settings)
        argv = command(step, path, settings)
        redact = redactor(settings, step.env)
        is_powershell = path.suffix.lower() == ".ps1"
        with error_file(path) if is_powershell else nullcontext() as errors_at:
            ended = await script.run(
                argv,
                name=step.name,
                cwd=settings.scripts_dir / (step.cwd or ""),
                env=environment(step, path) | (errors_at.environment if errors_at else {}),
                timeout=step.timeout.total_seconds(),
                outputs_dir=settings.outputs_dir,
                on_line=lambda line, error: context.log.log(_level(line, error, is_powershell), "%s", line),
                redact=redact,
                priority=settings.groups[context.group].priority
                if context.group in settings.groups
                else "normal",
            )
            errors = errors_at.read(redact) if errors_at else Errors()
    except ScriptMissingError as error:
        if not step.optional:
            context.log.warning("skipped: %s", error)
        return _Ending(Outcome.SKIPPED, str(error))
    except (ScriptRefusedError, OSError) as error:
        return _Ending(Outcome.FAILED, f"cannot be started: {error}")
    if ended.dropped:
        context.log.warning("… %s bytes left out", f"{ended.dropped:,}")
    for record in errors.records:
        context.log.debug("%s %s", record.place, record.detail)
    said = ": " + "\n".join(ended.tail) if ended.tail else ""
    if ended.timed_out:
        return _Ending(Outcome.TIMED_OUT, _too_long(step) + said, cost=ended.cost)
    if ended.exit_code != 0:
        message = errors.explain(exit_status.told(ended.exit_code or 0), ended.tail)
        return _Ending(Outcome.FAILED, message, ended.exit_code, ended.cost)
    return _Ending(Outcome.COMPLETED, ended.tail[-1] if ended.tail else "", 0, ended.cost)


def _level(line: str, error: bool, is_powershell: bool) -> int:
    """Return how serious a line is; programs print all kinds of things to standard error."""
    if is_powershell:
        return powershell.level(line, error=error)
    return logging.WARNING if error else logging.INFO


def _too_long(step: StepSettings) -> str:
    return f"ended after its time-out of {step.timeout.total_seconds():g} s"
