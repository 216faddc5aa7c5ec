"""Prefect's server in this process: what `prefect server start` serves, and nothing less.

`python -m deployments.daemon.api_server` is the server alone.
"""

from __future__ import annotations

import argparse
import asyncio
import threading

import uvicorn
from prefect.server.api.server import create_app
from prefect.settings import get_current_settings

from deployments import timezones
from deployments.address import HOST, default_port
from deployments.daemon import background, transactions
from deployments.daemon.collector import Collector

_POLL = 0.05


class ApiServer:
    """Serves Prefect's API and UI on this machine: in a thread of its own, or in the one that calls."""

    def __init__(self, port: int) -> None:
        settings = get_current_settings().server
        background.slow_down()
        transactions.wait_in_turn()
        timezones.remember()
        self._server = uvicorn.Server(
            uvicorn.Config(
                create_app(final=True),
                host=HOST,
                port=port,
                log_level=settings.logging_level.lower(),
                timeout_keep_alive=settings.api.keepalive_timeout,
                ws_per_message_deflate=False,  # who listens is on this machine
            )
        )
        self._thread = threading.Thread(target=self._server.run, name="server", daemon=True)
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
        self._server.run()


def main(words: list[str] | None = None) -> None:
    """Serve alone."""
    parser = argparse.ArgumentParser(prog="python -m deployments.daemon.api_server", description=__doc__)
    parser.add_argument("--port", type=int, default=default_port(), help="default: Prefect's own setting")
    ApiServer(parser.parse_args(words).port).serve()


if __name__ == "__main__":
    main()
