"""What the guard before Prefect's server costs a request: `python -m tests.bench guard`.

A request as Prefect's client sends it goes through an application that answers at once, with the guard before
it and without, in turn, so that both meet the same machine.
"""

from __future__ import annotations

import asyncio
from statistics import median
from time import perf_counter
from typing import Any

from starlette.types import ASGIApp

from deployments.server.guard import AccessPolicy, Guard
from deployments.server.sign_in import SignIn
from tasks.settings.server import Listen

_ROUNDS, _REQUESTS = 20, 5_000
_HEADERS = [
    (b"host", b"127.0.0.1:4200"),
    (b"accept", b"*/*"),
    (b"accept-encoding", b"identity"),
    (b"connection", b"keep-alive"),
    (b"user-agent", b"prefect/3.8.8 (API 0.8.4)"),
    (b"authorization", b"Basic cmh5dGhtOnBhc3N3b3Jk"),
    (b"content-length", b"300"),
    (b"content-type", b"application/json"),
]
_SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/api/flow_runs/filter",
    "scheme": "http",
    "headers": _HEADERS,
}


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"[]"})


def run(repeats: int, quick: bool) -> None:
    """Measure and print."""
    policy = AccessPolicy.of(Listen("127.0.0.1", 4200), ["rhythm.example.com"])
    guarded = Guard(SignIn(_answer, "rhythm:password"), policy)
    rounds = [(_seconds(_answer), _seconds(guarded)) for _ in range(_ROUNDS if not quick else 3)]
    more = median(with_it - without for without, with_it in rounds)
    print(f"the guard takes {1e6 * more:.1f} microseconds a request (aim: below 100)")


def _seconds(app: ASGIApp) -> float:
    """Seconds for one request, the mean of many."""

    async def ask() -> float:
        async def nothing(*_: Any) -> Any:
            return {}

        began = perf_counter()
        for _ in range(_REQUESTS):
            await app(dict(_SCOPE), nothing, nothing)
        return (perf_counter() - began) / _REQUESTS

    return asyncio.run(ask())
