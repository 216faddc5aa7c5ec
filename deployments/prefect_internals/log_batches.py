"""Logs on their way to Prefect's server: no batch is stored twice.

By default, Prefect's client sends a batch again, up to five times, when the server has not answered in time.
But the server goes on with what it has been sent, and stores each of them.
"""

from __future__ import annotations

import asyncio
import sys
from functools import cache
from typing import Any

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, Settings, get_current_settings

from deployments.prefect_internals.internal import Internal, must_be_coroutine, must_take, must_use
from flows.server_fault import describe

# What the server has certainly not stored: it was not reached, or says that it is busy.
_NOT_REACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_BUSY = (429, 502, 503)
_TRIES = 5

# The sizes of the batches that are being sent, by the identity of their sender.
_under_way: dict[int, int] = {}


def under_way() -> int:
    """Return how many lines are being sent just now; 0 where `send_once` is not in use."""
    return sum(_under_way.values())


def send_once() -> None:
    """From now on, send no batch again that the server may have."""
    if LOG_BATCHES.is_used():
        from prefect.logging.handlers import APILogWorker

        sender: Any = APILogWorker
        sender._handle_batch = _handle_batch


async def _handle_batch(self: Any, items: list[dict[str, Any]]) -> None:
    from prefect.context import SettingsContext, get_settings_context

    _under_way[id(self)] = len(items)
    try:
        # For this task alone.
        with SettingsContext(profile=get_settings_context().profile, settings=_without_retries()):
            await _send(self._client, items)
    except Exception as error:  # noqa: BLE001 - what cannot be sent must not end the sender
        lost = f"{len(items)} log lines could not be sent: {describe(error)}"
        print(lost, file=sys.stderr, flush=True)
    finally:
        del _under_way[id(self)]


async def _send(client: PrefectClient, items: list[dict[str, Any]]) -> None:
    """Send a batch; try again only if it has certainly not been stored.

    Raises:
        httpx.HTTPError: it may not have been stored.
    """
    for number in range(1, _TRIES + 1):
        try:
            await client.create_logs(items)
            return
        except _NOT_REACHED:
            if number == _TRIES:
                raise
        except httpx.HTTPStatusError as error:
            if number == _TRIES or error.response.status_code not in _BUSY:
                raise
        await asyncio.sleep(2**number)


@cache
def _without_retries() -> Settings:
    """Return settings by which the client sends a request once. To make them takes 20 ms."""
    return get_current_settings().copy_with_update(updates={PREFECT_CLIENT_MAX_RETRIES: 0})


def _check() -> None:
    from prefect.client.base import PrefectHttpxAsyncClient
    from prefect.context import SettingsContext
    from prefect.logging.handlers import APILogWorker

    must_be_coroutine(APILogWorker._handle_batch)
    must_use(APILogWorker._lifespan, "_client")
    must_use(PrefectHttpxAsyncClient._send_with_retry, "PREFECT_CLIENT_MAX_RETRIES")
    must_take(SettingsContext, "profile", "settings")


LOG_BATCHES = Internal(
    name="log batches",
    purpose="A batch of log lines that the server may have stored is not sent again.",
    gain="with a server that stands still for a minute, each line is stored once, and not up to five times",
    without="Lines are stored several times when the server takes longer than a minute for a batch.",
    upstream="""\
PrefectHQ/prefect: logs are stored several times when the server is slow

`APILogWorker` sends batches through a client that tries again after a read timeout, up to
PREFECT_CLIENT_MAX_RETRIES times. The server does not end what it began, so each try is stored. Log lines
have no ids that the server could know repeats by. Either `LogCreate` should have an `id`, or this client
should not try again after `httpx.ReadTimeout`.
""",
    check=_check,
)
