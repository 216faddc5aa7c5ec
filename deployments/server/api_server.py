"""Prefect's server in this process: what `prefect server start` serves, behind Rhythm's guard.

`python -m deployments.server.api_server` is the server alone.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from time import sleep
from typing import Any, cast

import uvicorn
from prefect.context import refresh_global_settings_context
from prefect.server.api.server import create_app
from prefect.settings import get_current_settings
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from deployments.cli import console
from deployments.prefect_internals import background, timezones, transactions
from deployments.server import address as addresses
from deployments.server import exposure, instance_lock, password, prefect_home
from deployments.server.address import HOST, bound, default_port
from deployments.server.collector import Collector
from deployments.server.guard import AccessPolicy, Guard
from deployments.server.sign_in import SignIn
from deployments.service import journal
from tasks.files import atomic_file
from tasks.problem import ConfigError
from tasks.process.own_variables import set_own
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings
from tasks.settings.server import Listen

_POLL = 0.05
_LOOK = 1.0  # seconds between two looks whether another server still has Prefect's home


class ApiServer:
    """Serves Prefect's API and UI: in a thread of its own, or in the one that calls.

    It is asked by the password `secret`, unless that is None. To make one changes Prefect's settings in
    this process, which can have one server.
    """

    def __init__(self, listening: socket.socket, settings: Settings, secret: str | None) -> None:
        self._socket = listening
        host, port, *_ = listening.getsockname()
        _configure(secret)
        server = get_current_settings().server
        background.slow_down()
        transactions.begin_immediate()
        timezones.remember()
        self._server = uvicorn.Server(
            uvicorn.Config(
                guarded(create_app(final=True), Listen(host, port), settings, secret),
                log_level=server.logging_level.lower(),
                timeout_keep_alive=server.api.keepalive_timeout,
                ws_per_message_deflate=False,  # who listens is on this machine
                proxy_headers=False,  # by default, uvicorn believes whoever is on this machine
                server_header=False,
            )
        )
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)
        self._collector = Collector()

    async def start(self) -> None:
        """Return when it answers.

        Raises:
            OSError: it has ended instead; why is in the log.
        """
        self._collector.start()
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise OSError("Prefect's server does not start")
            await asyncio.sleep(_POLL)

    @property
    def is_alive(self) -> bool:
        """Whether it still serves."""
        return self._thread.is_alive()

    async def stop(self, seconds: float) -> None:
        """End it, waiting at most so long for what it still does."""
        self._server.should_exit = True
        await asyncio.to_thread(self._thread.join, seconds)
        self._collector.stop()

    def serve(self) -> None:
        """Serve until Ctrl-C or SIGTERM; for a main thread that does nothing else."""
        self._collector.start()
        self._run()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


def guarded(app: ASGIApp, listen: Listen, settings: Settings, secret: str | None) -> ASGIApp:
    """Return Prefect's application behind what decides who reaches it."""
    origins = get_current_settings().server.api.cors_allowed_origins.split(",")
    policy = AccessPolicy.of(listen, settings.allowed_hosts, filter(None, map(str.strip, origins)))
    guard = Guard(SignIn(app, secret), policy)
    if settings.trusted_proxy is None:
        return guard
    # uvicorn has types of its own for what ASGI names.
    return cast("ASGIApp", ProxyHeadersMiddleware(cast("Any", guard), settings.trusted_proxy))


def _configure(secret: str | None) -> None:
    """Give Prefect's server its password, and what its pages need behind any name that the guard allows."""
    server = get_current_settings().server
    own: dict[str, str] = {}
    if secret is not None:
        own["PREFECT_SERVER_API_AUTH_STRING"] = secret
    if (
        "api_url" not in server.ui.model_fields_set
    ):  # relative, so that the UI asks whom it came from, by whatever name
        own["PREFECT_SERVER_UI_API_URL"] = server.api.base_path or "/api"
    if server.api.cors_allowed_origins == "*":  # Prefect's default
        own["PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS"] = ""
    set_own(own)
    refresh_global_settings_context()


def main(argv: list[str] | None = None) -> int:
    """Serve alone, for the rhythm.toml that all commands read.

    While another server has Prefect's home, this one waits, and takes its place when that ends.
    Return 2 if rhythm.toml cannot be used, 1 if another program has the address.
    """
    parser = argparse.ArgumentParser(prog="python -m deployments.server.api_server", description=__doc__)
    parser.add_argument("--port-file", type=Path, help=f"listen at a free port of {HOST}, and write it there")
    port_file: Path | None = parser.parse_args(argv).port_file
    with ExitStack() as stack:
        return _serve_alone(stack, port_file)


def _serve_alone(stack: ExitStack, port_file: Path | None) -> int:
    """Serve until the end; what is taken for that is given back by `stack`."""
    home = get_current_settings().home
    try:
        settings = config.load()
        if port_file is None:  # else, who starts this has the lock
            _take_home(stack, home)
        wanted = Listen(HOST, 0) if port_file else settings.listen or Listen(HOST, default_port())
        if repaired := prefect_home.make_private():
            console.warning(repaired)
        secret = password.for_server(settings)
    except ConfigError as error:
        for problem in error.problems:
            console.error(str(problem))
        return 2
    for warning in exposure.warnings(wanted, settings, is_open=secret is None):
        console.warning(str(warning))
    try:
        listening = bound(wanted)
    except OSError as error:
        console.error(f"{wanted} cannot be listened at ({error.strerror})")
        return 1
    if port_file:
        atomic_file.write_text(port_file, str(listening.getsockname()[1]))
    server = ApiServer(listening, settings, secret)
    if port_file is None:  # one that is gone in seconds is nobody else's to use
        host, port, *_ = listening.getsockname()
        url = addresses.at(Listen(host, port), addresses.RUNNING).url
        stack.enter_context(instance_lock.server_announced(home, url))
    journal.mark_logs()
    server.serve()
    return 0


def _take_home(stack: ExitStack, home: Path) -> None:
    """Take the lock of Prefect's home, once no other server has it.

    Raises:
        ConfigError: nothing can be written there.
    """
    is_waiting = False
    while not stack.enter_context(instance_lock.server_acquired(home)):
        if not is_waiting:
            other = instance_lock.server_running(home)
            where = f" at {other.url}, of process {other.pid}" if other else ""
            console.say(f"waiting for the end of the server{where}: one at a time serves {home}")
            is_waiting = True
        sleep(_LOOK)


if __name__ == "__main__":
    sys.exit(main())
