"""A server that is away for minutes costs no result: what has been done is reported when it is back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

import anyio
import httpx
from prefect.client.orchestration import get_client

from flows import cancellation

#: Seconds to wait for the server, beyond the minute that Prefect's client asks it again by itself. All of it
#: together is less than a worker's patience with a run that shows no sign of life.
AWAY = 150.0
#: Seconds between two questions whether it is back: each is twice the one before.
_SOON, _LATER = 1.0, 10.0

T = TypeVar("T")


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Return what a call to the server returns; if it fails, wait until the server is back, and call again.

    Raises:
        httpx.HTTPError: the server answers, and does not take it; or it did not come back.
    """
    try:
        return await call()
    except httpx.HTTPError:
        await _back()
        return await call()


async def _back() -> None:
    """Wait until the server answers, the beat is cancelled, or `AWAY` seconds are over."""
    deadline, pause = monotonic() + AWAY, _SOON
    with cancellation.current().heeded():
        async with get_client() as client:
            while await client.api_healthcheck() and monotonic() < deadline:
                await anyio.sleep(pause)
                pause = min(2 * pause, _LATER)
