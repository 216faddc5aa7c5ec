"""Asks an endpoint how it is, and times the answer."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import perf_counter

import anyio
import httpx
from pydantic import ValidationError

from tasks.builtin.endpoints import answer, request
from tasks.builtin.endpoints.headers import HeaderError, headers_of
from tasks.builtin.endpoints.request import Request
from tasks.outcome import StepFailedError
from tasks.process.environment import lookup
from tasks.redaction.redactor import Redactor
from tasks.redaction.visible import visible
from tasks.settings.endpoints import EndpointSettings
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import Probe

PREFECT_VARIABLE = "PREFECT_API_URL"

# A service on this machine is asked directly, whatever proxy the machine is set up to use.
_DIRECT = {f"all://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")}


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """A probe, and how many tokens were written for it, where an endpoint reports it."""

    probe: Probe
    tokens: int | None = None


def endpoints_of(settings: Settings, environ: Mapping[str, str] = os.environ) -> tuple[EndpointSettings, ...]:
    """Return the endpoints of rhythm.toml; without any Prefect's own API, if PREFECT_API_URL names it.

    Raises:
        StepFailedError: PREFECT_API_URL is not an address.
    """
    if settings.endpoints or not (api := environ.get(PREFECT_VARIABLE)):
        return settings.endpoints
    try:
        return (EndpointSettings.model_validate({"name": "prefect", "url": f"{api.rstrip('/')}/health"}),)
    except ValidationError as error:
        fault = error.errors()[0]["msg"]
        raise StepFailedError(
            f"{PREFECT_VARIABLE} is not an address: {fault}. Correct it, or unset it."
        ) from None


def ask_at_once(
    endpoints: Sequence[EndpointSettings], at: datetime, *, at_most: float | None = None
) -> tuple[Probe, ...]:
    """Ask every endpoint for its health at the same time; return one probe each, in their order.

    Each has its own timeout, for the whole answer, but no more than `at_most` seconds.
    """

    async def ask_all() -> tuple[Probe, ...]:
        probes: dict[int, Probe] = {}

        async def note(index: int, endpoint: EndpointSettings) -> None:
            asked = await _ask(client, endpoint, request.health(endpoint), at, at_most)
            probes[index] = asked.probe

        async with _client() as client, anyio.create_task_group() as group:
            for index, endpoint in enumerate(endpoints):
                group.start_soon(note, index, endpoint)
        return tuple(probes[index] for index in range(len(endpoints)))

    return anyio.run(ask_all)


def ask_in_turn(
    endpoint: EndpointSettings, at: datetime, times: int, *, give_up_after: int | None = None
) -> tuple[ProbeAnswer, ...]:
    """Let one endpoint do its work several times, each after the other's answer; return them in order.

    One that fails the first `give_up_after` times is not asked again. The probes of an `openai` endpoint
    are called "NAME chat", as they are no measure of its health's latency.
    """

    async def ask() -> tuple[ProbeAnswer, ...]:
        answers: list[ProbeAnswer] = []
        async with _client() as client:
            while len(answers) < times:
                asked = await _ask(client, endpoint, request.work(endpoint), at, None)
                probe = replace(asked.probe, endpoint=request.work_name(endpoint))
                answers.append(replace(asked, probe=probe))
                if len(answers) == give_up_after and not any(each.probe.ok for each in answers):
                    break
        return tuple(answers)

    return anyio.run(ask)


def _client() -> httpx.AsyncClient:
    """Return a client that keeps no connection, so that every latency means the same."""
    return httpx.AsyncClient(
        timeout=None,  # noqa: S113 - its timeouts are for each read; _ask sets one for the whole answer
        limits=httpx.Limits(max_keepalive_connections=0),
        mounts=_DIRECT,
    )


async def _ask(
    client: httpx.AsyncClient, endpoint: EndpointSettings, what: Request, at: datetime, at_most: float | None
) -> ProbeAnswer:
    """Ask once. It is up if it answers as expected (redirects are not followed), completely and in time."""
    seconds = min(endpoint.timeout.total_seconds(), at_most or float("inf"))

    def down(error: str) -> ProbeAnswer:
        return ProbeAnswer(Probe(endpoint.name, at, False, None, error))

    began = perf_counter()
    try:
        with anyio.fail_after(seconds):
            if endpoint.kind == "tcp":
                await _connect(endpoint)
                return ProbeAnswer(Probe(endpoint.name, at, True, perf_counter() - began))
            status, body = await _send(client, endpoint, what)
    except TimeoutError:
        return down(f"no complete answer within {seconds:g} s")
    except HeaderError as error:
        return down(str(error))
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return down(_fault(endpoint, error))
    latency = perf_counter() - began
    if fault := answer.fault(endpoint.expect, status, body):
        return ProbeAnswer(Probe(endpoint.name, at, False, latency, fault))
    return ProbeAnswer(Probe(endpoint.name, at, True, latency), answer.completion_tokens(body))


async def _send(client: httpx.AsyncClient, endpoint: EndpointSettings, what: Request) -> tuple[int, bytes]:
    """Return the status, and of the body only enough to know that it is too long to be read."""
    headers, body = headers_of(endpoint), bytearray()
    async with client.stream(what.method, what.url, json=what.json, headers=headers) as response:
        async for part in response.aiter_bytes():
            if len(body) <= answer.MOST:
                body += part  # the rest is timed, not kept: a body may be of any size
    return response.status_code, bytes(body)


async def _connect(endpoint: EndpointSettings) -> None:
    stream = await anyio.connect_tcp(endpoint.url.host or "", endpoint.url.port or 0)
    await stream.aclose()


def _fault(endpoint: EndpointSettings, error: Exception) -> str:
    """Return in one line why there was no answer.

    The address without its path, which may hold a secret; and what the endpoint sent back of its headers
    without their variables' values.
    """
    said = " ".join(str(error).split()) or type(error).__name__
    redact = Redactor(lookup(os.environ, name) for name in endpoint.header_variables)
    return visible(redact(f"{said} ({endpoint.url.host}:{endpoint.url.port})"))
