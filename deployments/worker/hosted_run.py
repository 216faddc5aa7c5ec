"""One flow run in a thread of this process: run, looked after, cancelled, and given up when it hangs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, cast

import anyio
import httpx
from prefect import Flow
from prefect._flow_run_suspension import is_suspended_flow_run_state, mark_flow_run_suspension_requested
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound, Pause
from prefect.flow_engine import run_flow
from prefect.logging.loggers import flow_run_logger

from deployments.worker.bell import Bell
from deployments.worker.local_settings import local_settings
from flows import stale
from flows.cancellation import Cancellation, cancellation
from flows.watch import watcher
from tasks.outcome import StepResult
from tasks.step_settings import StepSettings

_LOOK = 3.0  # seconds between two looks whether it shows signs of life
#: Seconds after which it is asked whether the run was cancelled, though no bell has rung for that.
_ASK = 30.0
#: Seconds that a cancelled run may take to end: a stubborn script alone has five before it is killed.
_ENDING = 30.0
#: Seconds without a sign of life, beyond what a step may take, after which a run is given up. Prefect's
#: client itself asks a server that is away for about a minute.
PATIENCE = 300.0


class WedgedError(Exception):
    """The run neither goes on nor ends, and a thread cannot be ended: its process has to be."""


class Progress:
    """Until when a run must have shown its next sign of life (a `flows.watch.Watcher`); None: not at all."""

    def __init__(self, patience: float, now: Callable[[], float] = monotonic) -> None:
        self._patience, self._now = patience, now
        self.deadline: float | None = now() + patience

    @property
    def is_overdue(self) -> bool:
        """Whether it has shown none in time."""
        return self.deadline is not None and self._now() > self.deadline

    def turn_awaited(self) -> None:
        """It waits for another beat or group, for as long as that takes."""
        self.deadline = None

    def group_begins(self, group: str, steps: Sequence[str]) -> None:
        """It goes on."""
        self._goes_on()

    def step_begins(self, group: str, step: StepSettings) -> None:
        """The step may take as long as it is given, with all its retries."""
        self._goes_on(step.longest.total_seconds())

    def step_ended(self, group: str, result: StepResult) -> None:
        """It goes on."""
        self._goes_on()

    def _goes_on(self, beyond: float = 0.0) -> None:
        self.deadline = self._now() + beyond + self._patience


class HostedRun:
    """A flow run of this project, in a thread with an event loop of its own.

    Whatever the flow does to its loop, the worker's own goes on, and can look after it.
    """

    def __init__(self, flow: Flow[..., Any], flow_run: FlowRun, bell: Bell, patience: float) -> None:
        self._flow, self._flow_run, self._bell = flow, flow_run, bell
        self._cancellation, self._progress = Cancellation(), Progress(patience)
        self._over = asyncio.Event()
        self._fault: BaseException | None = None
        self._is_cancelled = False

    async def run(self, client: PrefectClient) -> BaseException | None:
        """Run it to its end. Return what it raised: its state says that already, if there was a server.

        When the task that awaits this is cancelled, the run is cancelled, and waited for.

        Raises:
            WedgedError: it hangs. It has been set Crashed.
        """
        loop = asyncio.get_running_loop()

        def over() -> None:
            loop.call_soon_threadsafe(self._over.set)

        threading.Thread(target=self._execute, args=(over,), name="beat", daemon=True).start()
        heeding = asyncio.create_task(self._heed(client))
        try:
            while not await self._ends(_LOOK):
                if self._progress.is_overdue:
                    await self._give_up(client, "It has shown no sign of life for too long.")
                if heeding.done():
                    heeding.result()  # a fault of ours must not go unheard
        except asyncio.CancelledError:
            self._cancellation.ask("The worker was stopped.")
            with anyio.CancelScope(shield=True):
                await self._ends(_ENDING)
            raise
        finally:
            heeding.cancel()
            stale.executed(self._flow_run.id)
        if self._is_cancelled:
            await self._run_hooks(client)
        return self._fault

    def _execute(self, over: Callable[[], None]) -> None:
        cancellation.set(self._cancellation)
        watcher.set(self._progress)
        try:
            asyncio.run(self._as_task())
        except Pause:
            pass  # it is suspended; to be resumed, it is scheduled anew
        except BaseException as fault:  # noqa: BLE001 - a step may end its own process, but not this one
            self._fault = fault
        finally:
            over()

    async def _as_task(self) -> None:
        # Its parameters are those of the flow run. It says itself, in logs and states, what goes wrong.
        # Were it a deployment's, Prefect would listen for its suspension, with a thread, a client and a
        # connection more. The bell does.
        flow_run = self._flow_run.model_copy(update={"deployment_id": None})
        with local_settings():
            await cast("Awaitable[Any]", run_flow(self._flow, flow_run=flow_run, return_type="state"))

    async def _ends(self, seconds: float) -> bool:
        with anyio.move_on_after(seconds):
            await self._over.wait()
        return self._over.is_set()

    async def _heed(self, client: PrefectClient) -> None:
        """Cancel the run once that is asked for; let it suspend itself if that is."""
        asked = monotonic()
        while not self._cancellation.reason:
            asked = await self._bell.time_to_ask(asked, _ASK)
            try:
                run = await client.read_flow_run(self._flow_run.id)
            except httpx.HTTPError:
                continue  # a server that is away is no reason to end a script
            except ObjectNotFound:
                self._cancellation.ask("It was deleted.")
                break
            if run.state and is_suspended_flow_run_state(run.state):
                mark_flow_run_suspension_requested(run.id, run.state)
            if run.state and run.state.is_cancelling():
                self._is_cancelled = True
                self._cancellation.ask("It was cancelled.")
                self._progress.deadline = monotonic() + _ENDING

    async def _run_hooks(self, client: PrefectClient) -> None:
        """Run what the flow has for its cancellation: Prefect's engine leaves that to whoever cancels."""
        run = await client.read_flow_run(self._flow_run.id)
        if run.state is None:
            return
        for hook in self._flow.on_cancellation_hooks:
            try:
                ran = hook(self._flow, run, run.state)
                if asyncio.iscoroutine(ran):
                    await ran
            except Exception:  # noqa: BLE001 - a hook's fault is its own
                flow_run_logger(run, self._flow).exception("its hook for cancellation failed")

    async def _give_up(self, client: PrefectClient, why: str) -> None:
        with suppress(httpx.HTTPError):  # whoever comes next finds that its process is gone
            await stale.crash(client, await client.read_flow_run(self._flow_run.id), why)
        raise WedgedError(why)
