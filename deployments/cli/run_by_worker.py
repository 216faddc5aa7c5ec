"""A run of a group that the worker is asked for, followed to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, TaskRun
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled

from deployments import overview
from deployments.cli.group_run import Ended, Wanted
from deployments.cli.run_output import RunOutput
from flows import clock, lanes
from flows.memory import history, stale, unfinished
from flows.server_absence import patiently
from tasks.outcome import Outcome, StepResult
from tasks.problem import CommandError
from tasks.settings.rhythm_toml import Settings

_POLL = 0.3  # seconds between two looks at the run
_LOOK = 3.0  # seconds between two looks at what may keep it from beginning


class RunByWorker:
    """A run by the worker; `run_id` is Prefect's, None until the run was asked for."""

    def __init__(self, wanted: Wanted, settings: Settings, output: RunOutput) -> None:
        self._wanted, self._settings, self._output = wanted, settings, output
        self.run_id: UUID | None = None

    async def run(self, client: PrefectClient, beat: UUID) -> Ended:
        """Ask for it, and follow it to its end. `beat` is the id of the beat's deployment.

        Raises:
            CommandError: no worker took it, or it was deleted.
            httpx.HTTPError: Prefect stopped answering.
        """
        asked = await lanes.start(client, self._settings, self._wanted.group, beat, self._wanted.options)
        self.run_id = asked.id
        run = await self._followed(client, asked.id)
        if run.state is None:  # pragma: no cover - what has ended has a state
            raise CommandError(f"the run {run.id} has no state")
        steps = await self._steps(client, run) if self._output.quiet else ()
        seconds = history.as_run(run).seconds if run.start_time else None
        return Ended.of(run.state, seconds, steps, str(run.id), by_worker=True)

    async def _followed(self, client: PrefectClient, run_id: UUID) -> FlowRun:
        looked = monotonic()
        while True:
            try:
                run = await patiently(lambda: client.read_flow_run(run_id))
            except ObjectNotFound:
                raise CommandError(f"{self._wanted.label}: its run was deleted") from None
            is_remote = stale.is_elsewhere(run, self._settings)
            if not is_remote:
                self._output.show_new(str(run_id))
            if run.state and run.state.is_final():
                if is_remote:
                    await self._output.show_remote(client, run_id)
                return run
            if monotonic() - looked > _LOOK:
                looked = monotonic()
                if is_remote:
                    await self._output.show_remote(client, run_id)
                elif run.state and run.state.is_running():
                    await self._output.show_whether_it_waits(client, run_id)
                else:
                    await self._make_sure_of_a_worker(client, run)
            await asyncio.sleep(_POLL)

    async def _make_sure_of_a_worker(self, client: PrefectClient, run: FlowRun) -> None:
        """Take back what nobody will run.

        Raises:
            CommandError: that was done.
        """
        worker = await overview.worker_of(client, self._settings)
        if worker and worker.is_live(clock.now()):
            return
        state: Any = Cancelled(message="No worker took it, and `rhythm run` does not wait any more.")
        await client.set_flow_run_state(run.id, state)
        raise CommandError(
            f"{self._wanted.label} did not run: the worker has gone. Start one with `rhythm up`, or try "
            "again: without a worker, this command runs it itself."
        )

    async def _steps(self, client: PrefectClient, run: FlowRun) -> Sequence[StepResult]:
        group = self._settings.groups[self._wanted.group]
        return [_result(one) for one in await unfinished.steps_of(client, group, run)]


def _result(run: TaskRun) -> StepResult:
    outcome = history.outcome_of(run.state) if run.state else None
    took = run.total_run_time.total_seconds() if run.total_run_time else 0.0
    message = (run.state.message if run.state else None) or ""
    return StepResult(run.name, outcome or Outcome.CRASHED, took, message)
