"""A run of a group in this process, as `rhythm beat` runs a beat."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Any
from uuid import UUID

from prefect import State
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.runtime import flow_run

from deployments.cli import in_process
from deployments.cli.group_run import Ended, Wanted
from deployments.cli.run_output import RunOutput
from deployments.prefect_internals.drain import drain
from flows.decisions.steps import GroupRun
from flows.group import group_flow, group_here
from flows.run_value import run_value
from flows.watch import Unwatched, watcher


async def run_here(wanted: Wanted, output: RunOutput, *, is_temporary: bool) -> tuple[Ended, int]:
    """Run it to its end; return how it ended, and how many log lines could not be sent.

    `is_temporary`: the server ends with this command, and is given the time to write how the steps ended.
    """
    in_process.prepare()
    in_process.hush()
    watch = _Watch(output)
    watcher.set(watch)
    began = monotonic()
    following = asyncio.create_task(output.following(lambda: watch.run_id))
    lines_left = 0
    try:
        state = await _run(wanted)
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        lines_left = await drain(in_process.DRAIN)
    output.show_new(watch.run_id)
    run = run_value(state, GroupRun)
    steps: Sequence[Any] = run.steps if run else ()
    run_id = state.state_details.flow_run_id
    if is_temporary and run_id:
        this = FlowRunFilter(id=FlowRunFilterId(any_=[UUID(str(run_id))]))
        await in_process.steps_written(this, sum(step.was_reached for step in steps))
    seconds = run.seconds if run else monotonic() - began
    ended = Ended.of(state, seconds, steps, str(run_id or "") or None, by_worker=False)
    return ended, lines_left


async def _run(wanted: Wanted) -> State[Any]:
    state: State[Any]
    if wanted.arguments:
        flow = group_here(wanted.group, wanted.options, wanted.arguments)
        state = await flow(return_state=True)
    else:
        state = await group_flow(wanted.group)(wanted.options, return_state=True)
    return state


class _Watch(Unwatched):
    """Learns which run it is, and that it has to wait."""

    def __init__(self, output: RunOutput) -> None:
        self._output, self.run_id = output, ""

    def lock_awaited(self) -> None:
        """Print it."""
        self._output.say("waits for its lane: another beat or group is running in it")

    def group_begins(self, group: str, steps: Sequence[str]) -> None:
        """Note the run, in which this is called."""
        self.run_id = str(flow_run.id or "")
