"""Runs one step, built-in or script, and reports how it ended; as a Prefect task, with its retries."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Coroutine
from contextlib import closing
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache, partial
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
from tasks.outcome import WARNING, Outcome, StepFailedError, StepResult, StepSkippedError, unexpected
from tasks.process import exit_status, script, standard_input
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
from tasks.variables import VariableError, variables


async def run_step(step: StepSettings, context: Context, attempt: int = 1, run_id: str = "") -> StepResult:
    """Run a step once and return how it ended; only cancellation is raised.

    `context.spent` is given what it cost, unless it was cancelled. Whatever the step hands out is without
    secrets and control characters: log, files, message, reports and events. `run_id` is that of the flow run
    which it is a part of.
    """
    run, step = _prepared(step, context)
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
    ending = _Ending(Outcome.CANCELLED, "")
    try:
        ending = await run(step, context, record)
    except Exception as error:
        # Prefect would log it, and put it into a state, as it is. Here it is like any other failure.
        context.log.exception("unexpected error")
        ending = _Ending(Outcome.FAILED, unexpected(error))
    finally:
        result = ending.result(step.name, monotonic() - began, shown)
        await uncancelled(record.close, *_verdict(result))
    cost = (ending.cost.cpu_seconds, ending.cost.peak_memory)
    usage = (attempt, result.outcome, result.seconds, *cost, result.fault)
    context.spent(StepUsage(at, context.group, step.name, *usage))
    return result


_Run = Callable[[StepSettings, Context, Record], Coroutine[Any, Any, "_Ending"]]


def _prepared(step: StepSettings, context: Context) -> tuple[_Run, StepSettings]:
    """Return what runs the step, and the step with all of its variables."""
    if not step.is_script:
        return _run_built_in, step
    try:
        env = variables(step, context.group, context.settings)
    except VariableError as error:
        return partial(_refuse, str(error)), step
    return _run_script, step.model_copy(update={"env": env})


def _verdict(result: StepResult) -> tuple[int, str]:
    """Return how an attempt ended as its file's last line, with its level."""
    level = logging.INFO
    if result.has_warning or result.outcome is Outcome.CANCELLED:
        level = logging.WARNING
    elif result.outcome.is_failure:
        level = logging.ERROR
    return level, f"{result.label} after {result.seconds:.1f} s" + (
        f": {result.fault}" if result.fault else ""
    )


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
            name = WARNING if result.has_warning else None
            return Completed(name=name, message=result.message, data=result)
        case Outcome.SKIPPED:
            return Completed(name="Skipped", message=result.message, data=result)
        case Outcome.TIMED_OUT:
            return Failed(name="TimedOut", message=result.message, data=result)
        case _:
            return Failed(message=result.message, data=result)


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a step ended, before secrets are taken out."""

    outcome: Outcome
    message: str
    exit_code: int | None = None
    cost: Cost = UNKNOWN
    has_warning: bool = False

    def result(self, name: str, seconds: float, shown: Callable[[str], str]) -> StepResult:
        """Return it as others may have it."""
        return StepResult(
            name, self.outcome, seconds, shown(self.message), self.exit_code, has_warning=self.has_warning
        )


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


async def _refuse(why: str, step: StepSettings, context: Context, record: Record) -> _Ending:
    """Run nothing."""
    return _Ending(Outcome.FAILED, f"cannot be started: {why}")


async def _run_script(step: StepSettings, context: Context, record: Record) -> _Ending:
    """Run a script: find it, start it as its kind is started, keep its lines, and report how it ended."""
    settings = context.settings
    group = settings.groups.get(context.group)
    redact = redactor(settings, step.env)
    try:
        path = locate(step, settings)
        kind, argv = kind_of(path), command(step, path, settings)
        output = record.output(kind.level)
        reads = step.stdin.source(settings.scripts_dir) if step.stdin else None
        with kind.errors(path) as source, closing(output), standard_input.opened(reads) as stdin:
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
                stdin=stdin,
                is_well=lambda code: step.meaning(code) != "failure",
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
    """Return how a script ended. What is wrong with it is the first line; the last that it printed follow."""
    if ended.timed_out:
        return _Ending(Outcome.TIMED_OUT, "\n".join([_too_long(step), *ended.tail]), cost=ended.cost)
    if ended.is_over_memory and step.memory:
        cause = f"ended: it used more than its `memory` of {format_size(step.memory)}"
        return _Ending(Outcome.FAILED, "\n".join([cause, *ended.tail]), cost=ended.cost)
    code = ended.exit_code or 0
    words = exit_status.describe(code)
    match step.meaning(code):
        case "ok":
            last = ended.tail[-1] if ended.tail else ""
            message = last if code == 0 else ": ".join(filter(None, [words, last]))
            return _Ending(Outcome.COMPLETED, message, code, ended.cost)
        case "warn":
            message = errors.explain(words, ended.reason)
            return _Ending(Outcome.COMPLETED, message, code, ended.cost, has_warning=True)
        case "skip":
            return _Ending(Outcome.SKIPPED, errors.explain(words, ended.reason), code, ended.cost)
        case "failure":
            limit = f" with `memory` limited to {format_size(step.memory)}" if step.memory else ""
            why = errors.explain(words + limit, ended.reason)
            tail = [] if ended.tail == (ended.reason,) else ended.tail
            return _Ending(Outcome.FAILED, "\n".join([why, *tail]), code, ended.cost)


def _remedy(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EMFILE:
        return ". Rhythm may open no more files: raise its limit (`ulimit -n`), and start it again."
    return ""


def _too_long(step: StepSettings) -> str:
    return f"ended after its timeout of {step.timeout.total_seconds():g} s"
