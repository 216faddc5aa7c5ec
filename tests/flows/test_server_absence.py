"""A server that is away is waited for, and a result is reported when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest

from flows import server_absence
from flows.cancellation import Cancellation, cancellation
from flows.server_absence import patiently


class Server:
    """Answers, or does not, as the test says; and notes what it was asked."""

    def __init__(self) -> None:
        self.health: Iterator[Exception | None] = iter(())
        self.asked = 0
        self.calls = 0
        self.answers: list[Exception | str] = []

    async def api_healthcheck(self) -> Exception | None:
        self.asked += 1
        return next(self.health, None)

    async def call(self) -> str:
        self.calls += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    found = Server()

    @asynccontextmanager
    async def client() -> AsyncIterator[Server]:
        yield found

    monkeypatch.setattr(server_absence, "get_client", client)
    monkeypatch.setattr(server_absence, "_SOON", 0.0)
    return found


AWAY = httpx.ConnectError("away")


async def test_a_server_that_answers_is_asked_nothing_else(server: Server) -> None:
    server.answers = ["taken"]

    assert await patiently(server.call) == "taken"
    assert (server.calls, server.asked) == (1, 0)


async def test_what_failed_is_asked_again_when_the_server_is_back(server: Server) -> None:
    server.answers, server.health = [AWAY, "taken"], iter([AWAY, AWAY, None])

    assert await patiently(server.call) == "taken"
    assert (server.calls, server.asked) == (2, 3)


async def test_what_the_server_refuses_is_an_error(server: Server) -> None:
    server.answers = [httpx.HTTPError("too large"), httpx.HTTPError("too large")]

    with pytest.raises(httpx.HTTPError, match="too large"):
        await patiently(server.call)
    assert server.asked == 1


async def test_it_is_not_waited_for_without_end(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_absence, "AWAY", 0.0)
    server.answers, server.health = [AWAY, AWAY], iter([AWAY] * 9)

    with pytest.raises(httpx.ConnectError):
        await patiently(server.call)
    assert server.asked == 1


async def test_a_beat_that_is_cancelled_does_not_wait(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_absence, "_SOON", 600.0)
    server.answers, server.health = [AWAY, AWAY], iter([AWAY] * 9)
    asked = Cancellation()
    token = cancellation.set(asked)
    try:
        waiting = asyncio.create_task(patiently(server.call))
        while not server.asked:
            await asyncio.sleep(0)
        asked.ask("enough")

        with pytest.raises(httpx.ConnectError):
            await waiting
    finally:
        cancellation.reset(token)
