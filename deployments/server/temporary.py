"""Prefect's server as a child process: with the project's tuning, on this machine only."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic

from prefect.settings import get_current_settings

from deployments.server import address as addresses
from deployments.server import instance_lock, lookup, password
from deployments.server.address import Address
from deployments.server.child import Child
from deployments.server.lookup import ServerError
from tasks.process import orphans
from tasks.settings.project import CONFIG_VARIABLE, config_path, folder, module_argv
from tasks.settings.rhythm_toml import Settings
from tasks.settings.server import Listen

#: The `prefect` command of this very installation.
PREFECT = tuple(module_argv("prefect"))
#: What to do about a named server that is not ours to start.
REMOTE = "Start that server, or unset PREFECT_API_URL there to have one started here."

_START = 60.0  # seconds for the first start, which migrates the database
_STOP = 5.0
_POLL = 0.25
# It runs for seconds: what its writers have collected must not wait longer than that.
_EAGER = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",
}


@asynccontextmanager
async def some_server(settings: Settings) -> AsyncIterator[bool]:
    """Talk to the server that answers, else to a temporary one; yield whether it is that.

    A temporary one serves the same database while the block runs. While another command has one,
    this waits.

    Raises:
        ServerError: there is none to be had.
        PasswordError: one answers, but not to us.
    """
    deadline = monotonic() + _START
    while True:
        if address := await asyncio.to_thread(lookup.find, settings):
            addresses.use(address)
            yield False
            return
        with (
            instance_lock.acquired(settings.outputs_dir) as ours,
            instance_lock.server_acquired(get_current_settings().home) as alone,
        ):
            if ours and alone:
                async with _temporary(settings) as address:
                    addresses.use(address)
                    yield True
                return
        if monotonic() > deadline:
            raise ServerError(
                f"no Prefect server answers at {lookup.expected(settings)}, and another rhythm command has "
                "had the database for a minute; end it, or wait"
            )
        await asyncio.sleep(_POLL)


@asynccontextmanager
async def _temporary(settings: Settings) -> AsyncIterator[Address]:
    named = addresses.named()
    if named and not named.is_local:
        raise ServerError(f"no Prefect server answers at {named}. {REMOTE}")
    await orphans.sweep(settings.outputs_dir, folder=orphans.SERVICES)
    secret = await asyncio.to_thread(password.for_server, settings)
    # A port of its own: it will be gone in seconds, and nobody else should come to rely on it.
    port_file = settings.outputs_dir / "temporary-server.port"
    port_file.unlink(missing_ok=True)
    child = _server(port_file, settings.outputs_dir)
    child.start()
    try:
        yield replace(await _ready(child, port_file), password=secret)
    finally:
        await child.end(_STOP)
        port_file.unlink(missing_ok=True)


def _server(port_file: Path, outputs_dir: Path) -> Child:
    """Return a server, not yet started, that picks a port and writes it into a file when it has it.

    A port that was free just now may be another program's by now, and would get our password.
    """
    env = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    env[CONFIG_VARIABLE] = str(config_path())  # this folder is left for that one's
    return Child(
        name="server",
        argv=module_argv("deployments.server.api_server", "--port-file", str(port_file)),
        cwd=folder(),
        env=env | _EAGER,
        outputs_dir=outputs_dir,
    )


async def _ready(child: Child, port_file: Path) -> Address:
    """Wait until the server answers; return where.

    Raises:
        ServerError: it has ended, or not answered within a minute.
    """
    deadline = monotonic() + _START
    while True:
        if port_file.exists():
            port = int(port_file.read_text(encoding="ascii"))
            address = addresses.at(Listen(addresses.HOST, port), "a temporary server")
            if await asyncio.to_thread(lookup.answers, address):
                return address
        if child.exit_code is not None:
            raise ServerError(f"the server ended with exit code {child.exit_code}; see {child.log}")
        if monotonic() > deadline:
            raise ServerError(f"the server does not answer within {_START:g} s; see {child.log}")
        await asyncio.sleep(0.1)
