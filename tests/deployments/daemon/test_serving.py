"""The server of another command: watched, and called gone only when nobody listens there any more."""

from __future__ import annotations

import asyncio
import socket

import pytest

from deployments.daemon import serving
from deployments.daemon.serving import Serving
from deployments.server.address import Address


@pytest.fixture
def listening() -> socket.socket:
    """A server that answers nothing, as one that is stopped or busy."""
    return socket.create_server(("127.0.0.1", 0))


def address_of(listening: socket.socket) -> Address:
    return Address(f"http://127.0.0.1:{listening.getsockname()[1]}/api")


async def test_one_that_only_answers_nothing_is_waited_for_and_one_that_is_gone_is_named(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_LOOK", 0.02)
    address = address_of(listening)
    gone = asyncio.create_task(Serving(address).gone(patience=0.2))
    connections = [await asyncio.to_thread(listening.accept) for _ in range(15)]
    assert not gone.done()

    listening.close()

    assert await gone == f"the Prefect server at {address} has gone"
    for connection, _ in connections:
        connection.close()


async def test_one_that_cannot_be_replaced_from_here_is_not_watched() -> None:
    remote = asyncio.create_task(Serving(Address("https://prefect.example.com/api")).gone(patience=0.0))

    done, _ = await asyncio.wait({remote}, timeout=0.1)

    assert not done
    remote.cancel()
