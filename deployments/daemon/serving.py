"""The server that `rhythm up` talks to: one that answers already, or its own, in its own process."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from prefect.settings import get_current_settings

from deployments.daemon import log
from deployments.daemon.display import Display
from deployments.server import address as addresses
from deployments.server import exposure, instance_lock, lookup, password, prefect_home
from deployments.server.address import Address
from deployments.server.lookup import ServerError
from deployments.server.temporary import REMOTE
from deployments.service import journal
from tasks.settings.rhythm_toml import Settings
from tasks.settings.server import Listen
from tasks.store import database

if TYPE_CHECKING:
    from deployments.server.api_server import ApiServer

_STOP = 1.5  # seconds for its end
_LOOK = 1.0  # seconds between two looks for a server of another command's: whether it is there, or gone
#: Seconds in which nobody listens where it was: a `rhythm up` that starts anew is back sooner.
_GONE = 20.0


class UpError(Exception):
    """`rhythm up` cannot start; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Where the server is, and how to ask whether it still is, if it is our own.

    `database` is the file of our own's, and `inode` what it had when the server had started: one that has
    been deleted stays open, and nobody else sees what is written to it.
    """

    address: Address
    own: ApiServer | None = None
    database: Path | None = None
    inode: int | None = None

    async def gone(self, patience: float = _GONE) -> str:
        """Wait until a server on this machine that is not our own is gone for good; return which it was."""
        if self.own or not self.address.is_local:
            await asyncio.Event().wait()  # one of ours is watched, and one elsewhere cannot be replaced
        heard = monotonic()
        while monotonic() - heard < patience:
            await asyncio.sleep(_LOOK)
            if await asyncio.to_thread(lookup.is_listened_at, self.address):
                heard = monotonic()
        return f"the Prefect server at {self.address} has gone"

    def has_died(self) -> str:
        """Return how it has ended, if it has by itself."""
        if self.own and not self.own.is_alive:
            return "Prefect's server has ended"
        if self.database and _inode(self.database) != self.inode:
            return f"the server's database {self.database} was deleted or replaced"
        return ""


async def server(stack: AsyncExitStack, settings: Settings, display: Display) -> Serving:
    """Talk to a server that answers; one of our own ends with `stack`.

    Raises:
        ServerError, UpError, PasswordError: there is none to be had.
    """
    if found := await _anothers(stack, settings, display):
        display.say(f"using the Prefect server at {found}")
        addresses.use(found)
        return Serving(found)
    bound = _bound(settings, display)
    stack.callback(bound.close)
    host, port, *_ = bound.getsockname()
    listen = Listen(host, port)
    if repaired := await asyncio.to_thread(prefect_home.make_private):
        display.say(repaired)
    secret = await asyncio.to_thread(password.for_server, settings)
    for warning in exposure.warnings(listen, settings, is_open=secret is None):
        display.say(f"warning: {warning}", journal.WARNING)
    address = replace(addresses.at(listen, addresses.RUNNING), password=secret)
    addresses.use(address)
    display.say(f"starting Prefect's server; its UI will be at {address.ui}")
    if secret:
        display.say("to open it signed in: rhythm ui")
    from deployments.server.api_server import ApiServer  # which imports all of Prefect's server

    own = ApiServer(bound, settings, secret)
    stack.push_async_callback(own.stop, _STOP)
    try:
        await own.start()
    except OSError as error:
        raise ServerError(_why(str(error), log.path(settings.outputs_dir))) from None
    stack.enter_context(instance_lock.server_announced(get_current_settings().home, address.url))
    file = prefect_home.database_file()
    return Serving(address, own, file, _inode(file) if file else None)


def _why(fault: str, path: Path) -> str:
    """Return why the server does not start, by the log at `path`, and what to do."""
    cause = log.read_last_error(path)
    if "sqlite" in cause.lower():
        fault, remedy = f"{fault} with {prefect_home.database_file()}", database.remedy(cause)
    else:
        remedy = ""
    return " ".join(filter(None, (f"{fault}: {cause}.", remedy, f"Its log: {path}")))


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


async def _anothers(stack: AsyncExitStack, settings: Settings, display: Display) -> Address | None:
    """Return the server of another command; None if there is none, and none can come before ours."""
    home, named = get_current_settings().home, addresses.named()
    is_reported = False
    while not (found := await asyncio.to_thread(lookup.find, settings)):
        if named and not named.is_local:
            return None
        if stack.enter_context(instance_lock.server_acquired(home)):
            return None
        if not is_reported:
            display.say(f"waiting for the server that another rhythm has on {home}")
            is_reported = True
        await asyncio.sleep(_LOOK)
    return found


def _bound(settings: Settings, display: Display) -> socket.socket:
    """Return a socket at the address of our own server: another one only if nobody has named it."""
    named = addresses.named()
    if named and not named.is_local:
        raise UpError(f"no Prefect server answers at {named}. {REMOTE}")
    if settings.listen:
        wanted, source = settings.listen, addresses.LISTEN
    else:
        port = named.port if named else addresses.default_port()
        wanted, source = Listen(addresses.HOST, port), named.source if named else ""
    try:
        return addresses.bound(wanted)
    except OSError as error:
        if source:
            raise UpError(
                f"{wanted} of {source} cannot be listened at ({error.strerror}), and what is there is not "
                "this rhythm's server. Free it, or name another one."
            ) from None
    bound = addresses.bound(Listen(addresses.HOST, 0))
    display.say(f"port {wanted.port} is taken by another program; the server takes {bound.getsockname()[1]}")
    return bound
