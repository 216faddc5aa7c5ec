"""Asks an endpoint how it is, and times the answer."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from time import perf_counter

import anyio
import httpx
from pydantic import ValidationError

from tasks.endpoint_settings import EndpointSettings
from tasks.measurements import Probe
from tasks.outcome import StepFailedError
from tasks.settings import Settings

PREFECT_VARIABLE = "PREFECT_API_URL"

# A service on this machine is asked directly, whatever proxy the machine is set up to use.
_DIRECT = {f"all://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")}


def endpoints_of(settings: Settings, environ: Mapping[str, str] = os.environ) -> tuple[EndpointSettings, ...]:
    """Return the endpoints of rhythm.toml; without any Prefect's own API, if PREFECT_API_URL names it.

    Raises:
        StepFailedError: PREFECT_API_URL is no address.
    """
    if settings.endpoints or not (api := environ.get(PREFECT_VARIABLE)):
        return settings.endpoints
    try:
        return (EndpointSettings.model_validate({"name": "prefect", "url": f"{api.rstrip('/')}/health"}),)
    except ValidationError as error:
        fault = error.errors()[0]["msg"]
        raise StepFailedError(f"{PREFECT_VARIABLE} is no address: {fault}. Mend it, or unset it.") from None


def ask_at_once(
    endpoints: Sequence[EndpointSettings], at: datetime, *, at_most: float | None = None
) -> tuple[Probe, ...]:
    """Ask every endpoint at the same time; return one probe each, in their order.

    Each has its own time-out, for the whole answer, but no more than `at_most` seconds.
    """

    async def ask_all() -> tuple[Probe, ...]:
        probes: dict[int, Probe] = {}

        async def note(index: int, endpoint: EndpointSettings) -> None:
            probes[index] = await _ask(client, endpoint, at, at_most)

        async with _client() as client, anyio.create_task_group() as group:
            for index, endpoint in enumerate(endpoints):
                group.start_soon(note, index, endpoint)
        return tuple(probes[index] for index in range(len(endpoints)))

    return anyio.run(ask_all)


def ask_in_turn(endpoint: EndpointSettings, at: datetime, times: int) -> tuple[Probe, ...]:
    """Ask one endpoint several times, each after the other's answer; return the probes in order."""

    async def ask() -> tuple[Probe, ...]:
        async with _client() as client:
            return tuple([await _ask(client, endpoint, at, None) for _ in range(times)])

    return anyio.run(ask)


def _client() -> httpx.AsyncClient:
    """Return a client that keeps no connection, so that every latency means the same."""
    return httpx.AsyncClient(
        timeout=None,  # noqa: S113 - its time-outs are for each read; _ask sets one for the whole answer
        limits=httpx.Limits(max_keepalive_connections=0),
        mounts=_DIRECT,
    )


async def _ask(
    client: httpx.AsyncClient, endpoint: EndpointSettings, at: datetime, at_most: float | None
) -> Probe:
    """Ask once. It is up if it answers 2xx or 3xx (which is not followed), completely and in time."""
    seconds = min(endpoint.timeout.total_seconds(), at_most or float("inf"))
    began = perf_counter()
    try:
        with anyio.fail_after(seconds):
            async with client.stream("GET", str(endpoint.url)) as response:
                async for _ in response.aiter_raw():
                    pass  # timed, not kept: a body may be of any size
    except TimeoutError:
        return Probe(endpoint.name, at, False, None, f"no complete answer within {seconds:g} s")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Probe(endpoint.name, at, False, None, _fault(endpoint, error))
    latency = perf_counter() - began
    if response.status_code < 400:
        return Probe(endpoint.name, at, True, latency)
    answer = f"{response.status_code} {response.reason_phrase}".strip()
    return Probe(endpoint.name, at, False, latency, f"answered {answer}")


def _fault(endpoint: EndpointSettings, error: Exception) -> str:
    """Say in one line why there was no answer. The address without its path, which may hold a secret."""
    said = " ".join(str(error).split()) or type(error).__name__
    return f"{said} ({endpoint.url.host}:{endpoint.url.port})"
