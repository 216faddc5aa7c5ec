"""What `rhythm up` keeps alive: Prefect's server and the worker in one process, and all that they need.

It takes the house (one `up` for each rhythm), starts Prefect's server unless one answers, clears
away what a killed run has left, makes the pool and the deployments, starts the worker, beats once,
and then keeps watch. Two interpreters with Prefect in them would take twice the memory.
"""

from __future__ import annotations

import asyncio
import os
import signal
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

from deployments import house, pool, state
from deployments.address import Address
from deployments.daemon import log, serving
from deployments.daemon.display import Display
from deployments.daemon.serving import UpError
from deployments.daemon.worker import Worker
from deployments.last_words import told
from deployments.worker.bell import Bell
from flows import clock, stale
from flows.rhythm import flow_names
from tasks import orphans
from tasks.process_tree import Identity
from tasks.settings import Settings

_LOOK = 1.0  # seconds between two looks whether all still lives, and for the house to be free
_PAUSE = 10.0  # seconds between two questions whether a group has run, at least
_REFRESH = 60.0  # seconds after which all is shown anew
_MEND = 60.0  # seconds between two looks for what killed runs have left
#: Seconds for the end of all of it. A stubborn script alone has five before it is killed.
_FOR_WORKER, _FOR_LAST_WORDS = 7.0, 1.0


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
    errors: TextIO = field(default_factory=lambda: sys.stderr)
    """Where people are told why it cannot start."""
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """From taking the house to leaving it."""
        self._listen()
        async with AsyncExitStack() as stack:
            work = asyncio.create_task(self._work(stack))
            stop = asyncio.create_task(self._stop.wait())
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
            self.display.close()
            if not work.done():
                self.display.say(self.renewed or "stopping: scripts first, then the worker, then the server")
            work.cancel()
            with suppress(asyncio.CancelledError):
                await _first(work)  # it ends by itself only with an error

    async def _work(self, stack: AsyncExitStack) -> None:
        outputs_dir = self.settings.outputs_dir
        await self._take_house(stack)
        self.errors = log.redirect(outputs_dir)
        for service in await orphans.sweep(outputs_dir, folder=orphans.SERVICES):
            self.display.say(f"ended the {service}, left over from a command that was killed")
        served = await serving.server(stack, self.settings, self.display)
        stack.enter_context(house.noted(outputs_dir, served.address.url, Identity.of(os.getppid())))
        stack.push_async_callback(_within, 2 * _FOR_LAST_WORDS, self._last_words)
        async with get_client() as client, asyncio.TaskGroup() as tasks:
            await self._mend(client)
            if missed := await pool.cancel_missed(client, clock.now()):
                self.display.say(f"{missed} beats were missed while nothing ran; one makes up for all")
            await pool.make_pool(client)
            worker = Worker(self.isolated, self._renew)
            stack.push_async_callback(worker.stop, _FOR_WORKER)
            worker.start()
            tasks.create_task(self._keep_watch(served.has_died, worker.has_died))
            if not await pool.is_deployed(client):
                self.display.say("deploying the rhythm and its groups")
                await pool.deploy(outputs_dir / "logs" / "deploy.log")
            await pool.beat_now(client)
            bell = Bell(StateType.RUNNING, *TERMINAL_STATES)
            bell.listen()
            stack.push_async_callback(bell.stop)
            tasks.create_task(self._show(client, served.address, bell))
            tasks.create_task(self._mend_for_ever(client))

    async def _take_house(self, stack: AsyncExitStack) -> None:
        """Be the only one, waiting for a command that has a temporary server for moments.

        Raises:
            UpError: another `rhythm up` is up.
        """
        while not stack.enter_context(house.taken(self.settings.outputs_dir)):
            if other := house.host(self.settings.outputs_dir):
                ui = Address(other.url, named=False).ui
                raise UpError(
                    f"a rhythm is up here already: process {other.pid}, UI at {ui}. "
                    "Look at it with `rhythm status`, or end it first."
                )
            self.display.say("waiting for another rhythm command to end")
            await asyncio.sleep(_LOOK)

    def _renew(self, why: str) -> None:
        """End in order, to be started anew."""
        self.renewed = f"{why}: starting anew"
        self._stop.set()

    async def _keep_watch(self, *has_died: Callable[[], str]) -> None:
        """End with what has died: the supervisor starts all of it again."""
        while True:
            for died in filter(None, (ask() for ask in has_died)):
                raise DiedError(died)
            await asyncio.sleep(_LOOK)

    async def _show(self, client: PrefectClient, address: Address, bell: Bell) -> None:
        """Show how things stand when that has changed, and to who watches, once in a while."""
        shown, at = None, monotonic() - _REFRESH
        while True:
            asked = monotonic()
            with _forgiving(self.display):
                newest = await state.newest(client, self.settings, clock.now())
                # Where nobody watches, a line is for a run that has ended: all of it, after the beat.
                if sys.stdout.isatty():
                    is_wanted = newest != shown or asked - at >= _REFRESH
                else:
                    is_wanted = newest != shown and not (newest and newest[1] == "Running")
                if is_wanted:
                    self.display.show(await state.read(client, address, self.settings, clock.now()))
                    shown, at = newest, asked
            await bell.time_to_ask(asked, _REFRESH, _PAUSE)

    async def _mend_for_ever(self, client: PrefectClient) -> None:
        """Clear away what killed runs leave, soon after they were killed."""
        while True:
            await asyncio.sleep(_MEND)
            with _forgiving(self.display):
                await self._mend(client)

    async def _mend(self, client: PrefectClient) -> None:
        for script in await orphans.sweep(self.settings.outputs_dir):
            self.display.say(f"ended {script}, left over from a run that was killed")
        for name in await stale.crash_stale(client, flow_names(self.settings), clock.now()):
            self.display.say(f"set {name!r} crashed: the process that ran it is gone")

    async def _last_words(self) -> None:
        """Say of the runs that were ended that they were, and send what is still to be sent."""
        with suppress(httpx.HTTPError):
            async with get_client() as client:
                await self._mend(client)
        await told(_FOR_LAST_WORDS)

    def _listen(self) -> None:
        """Stop when whoever started this has ended, or told it to."""
        loop = asyncio.get_running_loop()

        def stop(*_: object) -> None:
            with suppress(RuntimeError):  # the loop has ended already
                loop.call_soon_threadsafe(self._stop.set)

        def until_it_ends() -> None:
            # Not through sys.stdin: its lock, held at the interpreter's end, would be a fatal error.
            while os.read(0, 1024):
                pass
            stop()

        threading.Thread(target=until_it_ends, name="leash", daemon=True).start()
        signal.signal(signal.SIGTERM, stop)


@contextmanager
def _forgiving(display: Display) -> Iterator[None]:
    """A server that does not answer for a while is told, and asked again."""
    try:
        yield
    except httpx.HTTPError as error:
        display.say(f"Prefect does not answer at the moment ({type(error).__name__})")


async def _within(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    with suppress(TimeoutError):  # then the next start says it
        await asyncio.wait_for(work(), seconds)


async def _first(work: asyncio.Task[None]) -> None:
    """Wait for the work; of the errors that ended it, which a task group wraps, raise the first."""
    try:
        await work
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
