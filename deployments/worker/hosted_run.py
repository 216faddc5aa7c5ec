"""One flow run in a thread of this process: run, looked after, cancelled, and given up when it hangs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

import anyio
import httpx
from prefect import Flow, State
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound, Pause
from prefect.logging.loggers import flow_run_logger
from prefect.states import Cancelled

from deployments.prefect_internals import suspension
from deployments.prefect_internals.in_process import run_in_process
from deployments.worker.run_events import RunEvents
from flows import cancel_requests
from flows.cancellation import Cancellation, cancellation
from flows.memory import stale
from flows.watch import watcher
from tasks.outcome import StepResult
from tasks.settings.steps import StepSettings

_LOOK = 3.0  # seconds between two looks whether it shows signs of life
#: Seconds after which it is asked whether the run was cancelled, though no event has come for that.
_ASK = 30.0
#: Seconds that a cancelled run may take to end: a stubborn script alone has five before it is killed.
_ENDING = 30.0
#: Seconds without a sign of life, beyond what a step may take, after which a run is given up. Prefect's
#: client itself asks a server that is away for about a minute.
PATIENCE = 300.0


class WedgedError(Exception):
    """The run neither goes on nor ends, and a thread cannot be ended: its process has to be."""


class ProgressDeadline:
    """Until when a run must have shown its next sign of life (a `flows.watch.Watcher`); None: not at all."""

    def __init__(self, patience: float, now: Callable[[], float] = monotonic) -> None:
        self._patience, self._now = patience, now
        self.deadline: float | None = now() + patience

    @property
    def is_overdue(self) -> bool:
        """Whether it has shown none in time."""
        return self.deadline is not None and self._now() > self.deadline

    def lock_awaited(self) -> None:
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

    def __init__(
        self, flow: Flow[..., Any], flow_run: FlowRun, run_events: RunEvents, patience: float
    ) -> None:
        self._flow, self._flow_run, self._run_events = flow, flow_run, run_events
        self._cancellation, self._progress = Cancellation(), ProgressDeadline(patience)
        self._over = asyncio.Event()
        self._fault: BaseException | None = None
        self._state: State[Any] | None = None
        self._is_cancelled = False

    async def run(self, client: PrefectClient) -> BaseException | None:
        """Run it to its end. Return what it raised: its state records that already, if there was a server.

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
                    heeding.result()  # a fault of ours must not go unnoticed
        except asyncio.CancelledError:
            self._cancellation.ask("The worker was stopped.")
            with anyio.CancelScope(shield=True):
                await self._ends(_ENDING)
            raise
        finally:
            heeding.cancel()
            stale.executed(self._flow_run.id)
        if self._state and self._state.is_cancelling():  # asked for as it ended by itself
            self._is_cancelled = True
            cancelled: State[Any] = Cancelled(message="It was cancelled.")
            await client.set_flow_run_state(self._flow_run.id, cancelled, force=True)
        if self._is_cancelled:
            await self._run_hooks(client)
        return self._fault

    def _execute(self, over: Callable[[], None]) -> None:
        cancellation.set(self._cancellation)
        watcher.set(self._progress)
        try:
            # What goes wrong within the flow is in its logs and states.
            self._state = asyncio.run(run_in_process(self._flow, self._flow_run))
        except Pause:
            pass  # it is suspended; to be resumed, it is scheduled anew
        except BaseException as fault:  # noqa: BLE001 - a step may end its own process, but not this one
            self._fault = fault
        finally:
            over()

    async def _ends(self, seconds: float) -> bool:
        with anyio.move_on_after(seconds):
            await self._over.wait()
        return self._over.is_set()

    async def _heed(self, client: PrefectClient) -> None:
        """Cancel the run once that is asked for; let it suspend itself if that is."""
        asked = monotonic()
        while not self._cancellation.reason:
            asked = await self._run_events.time_to_ask(asked, _ASK)
            try:
                run = await client.read_flow_run(self._flow_run.id)
                await cancel_requests.pass_on(client, self._cancellation)
            except httpx.HTTPError:
                continue  # a server that is away is no reason to end a script
            except ObjectNotFound:
                self._cancellation.ask("It was deleted.")
                break
            suspension.pass_on(run)
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
