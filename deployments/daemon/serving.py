"""The server that `rhythm up` talks to: one that answers already, or its own, in its own process."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deployments import address as addresses
from deployments import exposure, password, prefect_home, server_lookup
from deployments.address import Address
from deployments.daemon import log
from deployments.daemon.display import Display
from deployments.server import REMOTE
from deployments.server_lookup import ServerError
from tasks.server_settings import Listen
from tasks.settings import Settings

if TYPE_CHECKING:
    from deployments.daemon.api_server import ApiServer

_STOP = 1.5  # seconds for its end


class UpError(Exception):
    """`rhythm up` cannot start; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Where the server is, and how to ask whether it still is, if it is our own."""

    address: Address
    own: ApiServer | None = None

    def has_died(self) -> str:
        """Return how it has ended, if it has by itself."""
        return "Prefect's server has ended" if self.own and not self.own.is_alive else ""


async def server(stack: AsyncExitStack, settings: Settings, display: Display) -> Serving:
    """Talk to a server that answers; one of our own ends with `stack`.

    Raises:
        ServerError, UpError, PasswordError: there is none to be had.
    """
    if found := await asyncio.to_thread(server_lookup.find, settings):
        display.say(f"using the Prefect server at {found.url}")
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
        display.say(f"warning: {warning}")
    address = replace(addresses.at(listen), password=secret)
    addresses.use(address)
    display.say(f"starting Prefect's server; its UI will be at {address.ui}")
    if secret:
        display.say("to open it signed in: rhythm ui")
    from deployments.daemon.api_server import ApiServer  # which imports all of Prefect's server

    own = ApiServer(bound, settings, secret)
    stack.push_async_callback(own.stop, _STOP)
    try:
        await own.start()
    except OSError as error:
        raise ServerError(f"{error}; see {log.path(settings.outputs_dir)}") from None
    return Serving(address, own)


def _bound(settings: Settings, display: Display) -> socket.socket:
    """Return a socket at the address of our own server: another one only if nobody has named it."""
    named = addresses.named()
    if named and not named.is_local:
        raise UpError(f"PREFECT_API_URL names {named.url}, which does not answer. {REMOTE}")
    if settings.listen:
        wanted, source = settings.listen, "rhythm.toml's listen"
    else:
        port = named.port if named else addresses.default_port()
        wanted, source = Listen(addresses.HOST, port), "PREFECT_API_URL" if named else ""
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
