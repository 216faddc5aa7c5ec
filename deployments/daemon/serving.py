"""The server that `rhythm up` talks to: one that answers already, or its own, in its own process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deployments import address as addresses
from deployments.address import Address
from deployments.daemon import log
from deployments.server import REMOTE, ServerError

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


async def server(stack: AsyncExitStack, outputs_dir: Path, say: Callable[[str], None]) -> Serving:
    """Talk to a server that answers; one of our own ends with `stack`.

    Raises:
        ServerError, UpError: there is none to be had.
    """
    if found := await asyncio.to_thread(addresses.find, outputs_dir):
        say(f"using the Prefect server at {found.url}")
        addresses.use(found)
        return Serving(found)
    address = _free_address(say)
    addresses.use(address)
    say(f"starting Prefect's server; its UI will be at {address.ui}")
    from deployments.daemon.api_server import ApiServer  # which imports all of Prefect's server

    own = ApiServer(address.port)
    stack.push_async_callback(own.stop, _STOP)
    try:
        await own.start()
    except OSError as error:
        raise ServerError(f"{error}; see {log.path(outputs_dir)}") from None
    return Serving(address, own)


def _free_address(say: Callable[[str], None]) -> Address:
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
        say(f"port {wanted} is taken by another program; the server takes {port}")
    return addresses.local(port)
