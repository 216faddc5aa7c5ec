"""`rhythm up`: everything in one command, and everything gone again when it ends.

It takes the house (one `up` for each rhythm), starts Prefect's server unless one answers, clears
away what a killed run has left, makes the pool and the deployments, starts the worker, beats once,
and then keeps watch: what dies is started again.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic

import httpx
from prefect.client.orchestration import PrefectClient, get_client

from deployments import address as addresses
from deployments import check, house, output, pool, state
from deployments.address import Address
from deployments.child import Child
from deployments.display import Display
from deployments.server import REMOTE, ServerError, ready, server
from deployments.shutdown import shut_down
from deployments.worker import worker
from flows import clock, stale
from flows.rhythm import flow_names
from tasks import orphans
from tasks import settings as config
from tasks.settings import Settings

_LOOK = 1.0  # seconds between two looks at the children
_ASK = 3.0  # seconds between two questions whether a group has run
_REFRESH = 30.0  # seconds after which all is shown anew
_MEND = 5.0  # seconds between two looks for what killed runs have left


class UpError(Exception):
    """`rhythm up` cannot start; the message says why, and what to do."""


def run(args: argparse.Namespace) -> int:
    """Run until Ctrl-C or SIGTERM. Return 0 after a proper end, 1 if it could not start.

    Raises:
        ConfigError: rhythm.toml cannot be used; nothing was started.
    """
    settings = config.load()
    check.ready(settings)
    try:
        asyncio.run(_Up(settings).run())
    except (UpError, ServerError, pool.DeployError) as error:
        output.error(str(error))
        return 1
    return 0


@dataclass(slots=True)
class _Up:
    settings: Settings
    children: list[Child] = field(default_factory=list)
    display: Display = field(default_factory=Display)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """From taking the house to leaving it."""
        self._listen()
        async with AsyncExitStack() as stack:
            await self._take_house(stack)
            stack.push_async_callback(shut_down, self.children, self.settings.outputs_dir, self._last_words)
            work = asyncio.create_task(self._work(stack))
            stop = asyncio.create_task(self._stop.wait())
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
            self.display.close()
            if work.done():
                _raise_first(work)  # it ends only by an error
            self.display.say("stopping: scripts first, then the worker, then the server")
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work

    async def _work(self, stack: AsyncExitStack) -> None:
        address = await self._serve()
        addresses.use(address)
        stack.enter_context(house.noted(self.settings.outputs_dir, address.url))
        async with get_client() as client, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_alive())
            await self._prepare(client)
            tasks.create_task(self._show(client, address))
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

    async def _serve(self) -> Address:
        """Return a server that answers: one that is there, or our own."""
        for service in await orphans.sweep(self.settings.outputs_dir, folder=orphans.SERVICES):
            self.display.say(f"ended the {service}, left over from a rhythm that was killed")
        found = await asyncio.to_thread(addresses.find, self.settings.outputs_dir)
        if found:
            self.display.say(f"using the Prefect server at {found.url}")
            return found
        named = addresses.named()
        if named and not named.is_local:
            raise UpError(f"PREFECT_API_URL names {named.url}, which does not answer. {REMOTE}")
        wanted = named.port if named else addresses.default_port()
        port = addresses.free_port(wanted)
        if port != wanted:
            if named:
                raise UpError(
                    f"port {wanted} of PREFECT_API_URL is taken by something that is no Prefect server. "
                    "Free it, or name another port."
                )
            self.display.say(f"port {wanted} is taken by another program; the server takes {port}")
        address = addresses.local(port)
        child = server(address, self.settings.outputs_dir)
        self.children.append(child)
        child.start()
        self.display.say(f"starting Prefect's server; its UI will be at {address.ui}")
        await ready(child, address)
        return address

    async def _prepare(self, client: PrefectClient) -> None:
        """Clear away, deploy, start the worker, and beat."""
        await self._mend(client)
        if missed := await pool.cancel_missed(client, clock.now()):
            self.display.say(f"{missed} beats were missed while nothing ran; one makes up for all")
        await pool.make_pool(client)
        child = worker(self.settings)
        self.children.append(child)
        child.start()
        self.display.say("deploying the rhythm and its groups")
        await pool.deploy(self.settings.outputs_dir / "logs" / "deploy.log")
        await pool.beat_now(client)

    async def _keep_alive(self) -> None:
        """Start again what dies. Asks nobody: Prefect's client waits long for a server that is gone."""
        while True:
            for child in self.children:
                if news := child.revive():
                    self.display.say(news)
            await asyncio.sleep(_LOOK)

    async def _show(self, client: PrefectClient, address: Address) -> None:
        """Show how things stand when that has changed, and once in a while."""
        shown, at = None, monotonic() - _REFRESH
        while True:
            with _forgiving(self.display):
                newest = await state.newest(client, self.settings)
                if newest != shown or monotonic() - at >= _REFRESH:
                    self.display.show(await state.read(client, address, self.settings, clock.now()))
                    shown, at = newest, monotonic()
            await asyncio.sleep(_ASK)

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
        """Say of the runs that were ended that they were."""
        with suppress(httpx.HTTPError):
            async with get_client() as client:
                await self._mend(client)

    def _listen(self) -> None:
        """Stop at Ctrl-C, at SIGTERM, and on Windows at Ctrl-Break."""
        loop = asyncio.get_running_loop()

        def stop(number: int, frame: object) -> None:
            loop.call_soon_threadsafe(self._stop.set)

        for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), stop)


@contextmanager
def _forgiving(display: Display) -> Iterator[None]:
    """A server that does not answer for a while is told, and asked again."""
    try:
        yield
    except httpx.HTTPError as error:
        display.say(f"Prefect does not answer at the moment ({type(error).__name__})")


def _raise_first(work: asyncio.Task[None]) -> None:
    """Raise what ended the work; a task group wraps its errors, of which the first is the cause."""
    try:
        work.result()
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
