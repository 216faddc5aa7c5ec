"""Runs one step, built-in or script, and reports how it ended; as a Prefect task, with its retries."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Coroutine
from contextlib import closing
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
from prefect.runtime import flow_run, task_run
from prefect.states import Completed, Failed

from tasks.builtin.contract import Context, built_in
from tasks.interpreters.command import (
    ScriptMissingError,
    ScriptRefusedError,
    command,
    environment,
    kind_of,
    locate,
)
from tasks.interpreters.script_kind import Errors
from tasks.outcome import Outcome, StepFailedError, StepResult, StepSkippedError, unexpected
from tasks.process import exit_status, script
from tasks.process.ending import uncancelled
from tasks.process.script import ScriptEnd
from tasks.process.usage import UNKNOWN, Cost, OwnMeter
from tasks.redaction.redacted_log import RedactedLog
from tasks.redaction.redactor import redactor
from tasks.redaction.visible import visible
from tasks.settings.byte_size import format_size
from tasks.settings.steps import RETRY_JITTER, StepSettings
from tasks.step_output.output_file import FiledLog
from tasks.step_output.places import Attempt
from tasks.step_output.record import Record
from tasks.step_output.step_output import DETAIL
from tasks.store.measurements import StepUsage


async def run_step(step: StepSettings, context: Context, attempt: int = 1, run_id: str = "") -> StepResult:
    """Run a step once and return how it ended; only cancellation is raised.

    `context.spent` is given what it cost, unless it was cancelled. Whatever the step hands out is without
    secrets and control characters: log, files, message, reports and events. `run_id` is that of the flow run
    which it is a part of.
    """
    redact = redactor(context.settings, step.env)
    publish, emit, log = context.publish, context.emit, RedactedLog(context.log, redact)

    def shown(text: str) -> str:
        return visible(redact(text))

    at, began = context.now(), monotonic()
    record = Record(
        Attempt(at, context.group, step.name, run_id, attempt), context.settings, log, context.now
    )
    context = replace(
        context,
        log=RedactedLog(FiledLog(context.log, record.file), redact),
        publish=lambda report: publish(
            replace(report, text=shown(report.text), summary=shown(report.summary), link=shown(report.link))
        ),
        emit=lambda name, about, payload: emit(name, shown(about), redact.value(payload)),
    )
    run = _run_script if step.is_script else _run_built_in
    ending = None
    try:
        ending = await run(step, context, record)
    except Exception as error:
        # Prefect would log it, and put it into a state, as it is. Here it is like any other failure.
        context.log.exception("unexpected error")
        ending = _Ending(Outcome.FAILED, unexpected(error))
    finally:
        seconds = monotonic() - began
        await uncancelled(record.close, *_verdict(ending, seconds, shown))
    cost = (ending.cost.cpu_seconds, ending.cost.peak_memory)
    context.spent(StepUsage(at, context.group, step.name, attempt, ending.outcome, seconds, *cost))
    return StepResult(step.name, ending.outcome, seconds, shown(ending.message), ending.exit_code)


def _verdict(ending: _Ending | None, seconds: float, shown: Callable[[str], str]) -> tuple[int, str]:
    """Return how an attempt ended as its file's last line, with its level; None is cancelled."""
    if ending is None:
        return logging.WARNING, f"cancelled after {seconds:.1f} s"
    why = shown(ending.cause or ending.message) if ending.outcome.is_failure else ""
    level = logging.ERROR if ending.outcome.is_failure else logging.INFO
    return level, f"{ending.outcome} after {seconds:.1f} s" + (": " + why.replace("\n", " ") if why else "")


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
    attempt, run_id = task_run.run_count or 1, flow_run.id or ""
    return _as_state(await run_step(step, replace(context, log=get_run_logger()), attempt, run_id))


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
    cause: str = ""
    """Why it failed, where its message also has the last lines that it printed."""


async def _run_built_in(step: StepSettings, context: Context, record: Record) -> _Ending:
    """Run a built-in in a thread. At its timeout it is no longer waited for: a thread cannot be ended."""
    message = None
    fault: StepFailedError | None = None
    try:
        module = built_in(step.run[0])
    except StepSkippedError as error:
        context.log.warning("skipped: %s", error)
        return _Ending(Outcome.SKIPPED, str(error))
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


async def _run_script(step: StepSettings, context: Context, record: Record) -> _Ending:
    """Run a script: find it, start it as its kind is started, keep its lines, and report how it ended."""
    settings = context.settings
    group = settings.groups.get(context.group)
    redact = redactor(settings, step.env)
    try:
        path = locate(step, settings)
        kind, argv = kind_of(path), command(step, path, settings)
        output = record.output(kind.level)
        with kind.errors(path) as source, closing(output):
            ended = await script.run(
                argv,
                name=step.name,
                cwd=settings.scripts_dir / (step.cwd or ""),
                env={**environment(step, path), **source.environment},
                timeout=step.timeout.total_seconds(),
                outputs_dir=settings.outputs_dir,
                on_lines=output.take,
                redact=redact,
                priority=group.priority if group else "normal",
                memory=step.memory,
                warn=context.log.warning,
            )
            errors = source.read(redact)
    except ScriptMissingError as error:
        if not step.optional:
            context.log.warning("skipped: %s", error)
        return _Ending(Outcome.SKIPPED, str(error))
    except (ScriptRefusedError, OSError) as error:
        return _Ending(Outcome.FAILED, f"cannot be started: {error}{_remedy(error)}")
    for found in errors.records:
        record.file.write(visible(f"{found.place} {found.detail}").split("\n"), DETAIL)
    return _script_ending(step, ended, errors)


def _script_ending(step: StepSettings, ended: ScriptEnd, errors: Errors) -> _Ending:
    if ended.timed_out:
        said = ": " + "\n".join(ended.tail) if ended.tail else ""
        return _Ending(Outcome.TIMED_OUT, _too_long(step) + said, cost=ended.cost, cause=_too_long(step))
    if ended.is_over_memory and step.memory:
        cause = f"ended: it used more than its `memory` of {format_size(step.memory)}"
        return _Ending(Outcome.FAILED, "\n".join([cause, *ended.tail]), cost=ended.cost, cause=cause)
    if ended.exit_code != 0:
        limit = f" with `memory` limited to {format_size(step.memory)}" if step.memory else ""
        code = exit_status.describe(ended.exit_code or 0) + limit
        message, cause = errors.explain(code, ended.tail), errors.explain(code, ())
        return _Ending(Outcome.FAILED, message, ended.exit_code, ended.cost, cause)
    return _Ending(Outcome.COMPLETED, ended.tail[-1] if ended.tail else "", 0, ended.cost)


def _remedy(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EMFILE:
        return ". Rhythm may open no more files: raise its limit (`ulimit -n`), and start it again."
    return ""


def _too_long(step: StepSettings) -> str:
    return f"ended after its timeout of {step.timeout.total_seconds():g} s"
