"""What a command does around a flow that it runs in its own process."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from time import monotonic

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.logging.handlers import PrefectConsoleHandler

from deployments.cli import console
from deployments.prefect_internals import console_text, log_batches
from flows.memory.pages import PAGE, every
from tasks.settings.rhythm_toml import Settings
from tasks.step_output.places import FOLDER

#: Seconds to send the last logs and events.
DRAIN = 10.0
_FLUSH = 20.0  # seconds for the server's writers, which collect for one
_FINAL = (StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED)


def prepare() -> None:
    """Prepare this process for a flow."""
    log_batches.send_once()
    console_text.as_it_is()


def hush() -> None:
    """Keep what flows log off the screen, which shows it otherwise; Prefect keeps it."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, PrefectConsoleHandler):
            handler.addFilter(lambda record: record.levelno >= logging.CRITICAL)


def give_up(lines: int, settings: Settings, code: int) -> None:
    """End this process with `code` if log lines are left that no server takes: Prefect would go on trying."""
    if not lines:
        return
    console.warning(
        f"{lines:,} log lines did not reach Prefect's server within {DRAIN:g} s, and are given up; "
        f"what scripts printed is in {settings.outputs_dir / FOLDER}"
    )
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


async def steps_written(of: FlowRunFilter, count: int) -> None:
    """Wait until the server has written the end of so many steps of flow runs: its writers collect first."""
    final = TaskRunFilter(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=list(_FINAL))))
    deadline = monotonic() + _FLUSH
    async with get_client() as client:
        while monotonic() < deadline:
            ended = await every(
                lambda offset: client.read_task_runs(
                    flow_run_filter=of, task_run_filter=final, limit=PAGE, offset=offset
                )
            )
            if len(ended) >= count:
                return
            await asyncio.sleep(0.1)
    console.warning(f"the server has not written all {count} step runs within {_FLUSH:g} s")
