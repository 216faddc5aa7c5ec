"""What `rhythm up` keeps alive: Prefect's server and the worker in one process, and all that they need.

It takes the instance lock (one `up` for each rhythm), starts Prefect's server unless one answers, clears
away what a killed run has left, makes the pool and the deployments, starts the worker, beats once,
and then keeps watch. Two interpreters with Prefect in them would take twice the memory.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import TextIO

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import TERMINAL_STATES, StateType

from deployments import overview
from deployments.daemon import end_request, log, serving, signals
from deployments.daemon.display import Display
from deployments.daemon.liveness import Liveness
from deployments.daemon.sampler import Sampler
from deployments.daemon.serving import UpError
from deployments.daemon.worker import Worker
from deployments.prefect_internals.drain import drain
from deployments.server import instance_lock
from deployments.server.address import Address
from deployments.service import journal
from deployments.worker import deployed_groups, name_claim, pool, schedule
from deployments.worker.run_events import RunEvents
from flows import clock, killed_beats, server_fault
from flows.memory import hold_variables, stale, undelivered
from tasks.process import orphans
from tasks.process.process_tree import Identity
from tasks.settings.project import config_path
from tasks.settings.rhythm_toml import Settings

_LOOK = 1.0  # seconds between two looks whether all of it still runs, and for the instance lock to be free
_PAUSE = 10.0  # seconds between two questions whether a group has run, at least, to draw a table anew; …
_AT_ONCE = 1.0  # … and where each end is a line in a log, which should stand there when it happens
_REFRESH = 60.0  # seconds after which all is shown anew
_REPAIR = 60.0  # seconds between two looks for what killed runs have left
#: Seconds for the end of all of it. A stubborn script alone has five before it is killed.
_FOR_WORKER, _FOR_FLUSH = 7.0, 1.0


class DiedError(Exception):
    """A part of it has ended by itself."""


@dataclass(slots=True)
class Daemon:
    """Everything of one rhythm, for as long as it is up."""

    settings: Settings
    isolated: bool
    display: Display = field(default_factory=Display)
    renewed: str = ""
    """Why it is to be started anew; empty if it is not."""
    terminated: bool = False
    """Whether it ends because of a SIGTERM, which is not how its supervisor asks."""
    errors: TextIO = field(default_factory=lambda: sys.stderr)
    """Where it reports to people why it cannot start."""
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """From taking the instance lock to releasing it."""
        self._listen()
        async with AsyncExitStack() as stack:
            work = asyncio.create_task(self._work(stack))
            stop = asyncio.create_task(self._stop.wait())
            heed = asyncio.create_task(self._heed_end_request())
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
            heed.cancel()
            self.display.close()
            if not work.done():
                self.display.say(self.renewed or "stopping: scripts first, then the worker, then the server")
            work.cancel()
            with suppress(asyncio.CancelledError):
                await _first(work)  # it ends by itself only with an error

    async def _work(self, stack: AsyncExitStack) -> None:
        outputs_dir = self.settings.outputs_dir
        await self._take_instance_lock(stack)
        self.display.say(f"this rhythm is {config_path()}")
        self.errors = log.redirect(outputs_dir)
        for service in await orphans.sweep(outputs_dir, folder=orphans.SERVICES):
            self.display.say(f"ended the {service}, left over from a command that was killed")
        served = await serving.server(stack, self.settings, self.display)
        supervisor = Identity.of(os.getppid())
        stack.enter_context(instance_lock.announced(outputs_dir, served.address.url, supervisor))
        stack.push_async_callback(_within, 3 * _FOR_FLUSH, self._flush)
        async with get_client() as client, asyncio.TaskGroup() as tasks:
            await name_claim.claim(client, self.settings)
            await self._repair(client)
            if missed := await pool.cancel_missed(client, self.settings, clock.now()):
                self.display.say(f"{missed} beats were missed while nothing ran; one makes up for all")
            await pool.make_pool(client, self.settings)
            worker = Worker(self.settings, self.isolated, self._renew)
            stack.push_async_callback(worker.stop, _FOR_WORKER)
            worker.start()
            sampler = Sampler(self.settings, lambda news: self.display.say(news, journal.WARNING))
            stack.callback(sampler.flush)
            tasks.create_task(sampler.sample_for_ever())
            tasks.create_task(self._keep_watch(served.has_died, worker.has_died))
            tasks.create_task(self._replace(served))
            deploy_log = outputs_dir / "logs" / "deploy.log"
            await deployed_groups.update(client, self.settings, deploy_log, self.display.say)
            await schedule.schedule_runs(client, self.settings)
            await schedule.beat_unless_paused(client, self.settings, clock.now())
            renew = self._renew if served.own else None
            liveness = Liveness(client, worker.beats, self.settings, self.display.say, renew)
            tasks.create_task(liveness.watch())
            run_events = RunEvents(StateType.RUNNING, *TERMINAL_STATES)
            run_events.listen()
            stack.push_async_callback(run_events.stop)
            tasks.create_task(self._show(client, served.address, run_events, liveness))
            if sys.stdout.isatty():
                tasks.create_task(self.display.follow_size())
            tasks.create_task(self._repair_for_ever(client))

    async def _take_instance_lock(self, stack: AsyncExitStack) -> None:
        """Be the only one, waiting for a command that has a temporary server for seconds.

        Raises:
            UpError: another `rhythm up` is up.
        """
        while not stack.enter_context(instance_lock.acquired(self.settings.outputs_dir)):
            if other := instance_lock.running(self.settings.outputs_dir):
                ui = Address(other.url).ui
                raise UpError(
                    f"a rhythm is up here already: process {other.pid}, UI at {ui}. "
                    "Look at it with `rhythm status`, or end it with `rhythm down`."
                )
            self.display.say("waiting for another rhythm command to end")
            await asyncio.sleep(_LOOK)

    def _renew(self, why: str) -> None:
        """End in order, to be started anew."""
        self.renewed = f"{why}: starting anew"
        self._stop.set()

    async def _heed_end_request(self) -> None:
        """Stop when `rhythm down` asks for it."""
        supervisor = Identity.of(os.getppid())
        while supervisor and not self._stop.is_set():
            if end_request.is_made(self.settings.outputs_dir, supervisor):
                self._stop.set()
            await asyncio.sleep(_LOOK)

    async def _replace(self, served: serving.Serving) -> None:
        """Start anew, with a server of our own, once the one that another command had is gone."""
        self._renew(await served.gone())

    async def _keep_watch(self, *has_died: Callable[[], str]) -> None:
        """End with what has died: the supervisor starts all of it again."""
        while True:
            for died in filter(None, (ask() for ask in has_died)):
                raise DiedError(died)
            await asyncio.sleep(_LOOK)

    async def _show(
        self, client: PrefectClient, address: Address, run_events: RunEvents, liveness: Liveness
    ) -> None:
        """Show how things stand when that has changed, and to who watches, once in a while."""
        shown, at, is_running = None, monotonic() - _REFRESH, False
        is_watched = sys.stdout.isatty()
        while True:
            asked = monotonic()
            with _forgiving(self.display):
                settings, diagnosis = liveness.settings, liveness.diagnosis
                now = clock.now()
                holds = await hold_variables.read(client, settings)
                newest = (await overview.newest(client, settings, now), holds, diagnosis)
                # What is running may become late, which only the time shows.
                if newest != shown or ((is_watched or is_running) and asked - at >= _REFRESH):
                    state = await overview.read(client, address, settings, now)
                    is_running = any(group.is_running for group in state.groups)
                    self.display.show(state.diagnosed(diagnosis))
                    shown, at = newest, asked
            await run_events.time_to_ask(asked, _REFRESH, _PAUSE if is_watched else _AT_ONCE)

    async def _repair_for_ever(self, client: PrefectClient) -> None:
        """Clear away what killed runs leave, soon after they were killed."""
        while True:
            await asyncio.sleep(_REPAIR)
            with _forgiving(self.display):
                await self._repair(client)

    async def _repair(self, client: PrefectClient) -> None:
        for script in await orphans.sweep(self.settings.outputs_dir):
            self.display.say(f"ended {script}, left over from a run that was killed", journal.WARNING)
        for name in await undelivered.deliver(client, self.settings.outputs_dir, clock.now()):
            self.display.say(f"reported to Prefect how {name!r} had ended: it did not take that at the time")
        crashed = await stale.crash_stale(client, self.settings, clock.now())
        for run in crashed:
            self.display.say(f"set {run.name!r} crashed: the process that ran it is gone", journal.WARNING)
        await killed_beats.write_down(
            self.settings, crashed, lambda news: self.display.say(news, journal.WARNING)
        )

    async def _flush(self) -> None:
        """Set the runs that were ended to crashed, and send what is still to be sent."""
        with suppress(httpx.HTTPError):
            async with get_client() as client:
                await self._repair(client)
        if lines_left := await drain(2 * _FOR_FLUSH):
            self.display.say(
                f"{lines_left:,} log lines did not reach Prefect and are given up", journal.WARNING
            )

    def _listen(self) -> None:
        """Stop when whoever started this has ended, or signals it to."""
        loop = asyncio.get_running_loop()

        def stop() -> None:
            with suppress(RuntimeError):  # the loop has ended already
                loop.call_soon_threadsafe(self._stop.set)

        def until_it_ends() -> None:
            # Not through sys.stdin: its lock, held at the interpreter's end, would be a fatal error.
            while os.read(0, 1024):
                pass
            stop()

        def terminated(*_: object) -> None:
            self.terminated = True
            stop()

        threading.Thread(target=until_it_ends, name="parent-watch", daemon=True).start()
        signals.handle(terminated, "SIGTERM")


@contextmanager
def _forgiving(display: Display) -> Iterator[None]:
    """A server that does not answer, or refuses, is reported, and asked again."""
    try:
        yield
    except httpx.HTTPError as error:
        display.say(f"{server_fault.describe(error)}; it is asked again", journal.WARNING)


async def _within(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    with suppress(TimeoutError):  # then the next start reports it
        await asyncio.wait_for(work(), seconds)


async def _first(work: asyncio.Task[None]) -> None:
    """Wait for the work; of the errors that ended it, which a task group wraps, raise the first."""
    try:
        await work
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
