"""What is sent again to a server that does not answer, and what is not."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES

from deployments.prefect_internals import log_batches
from deployments.prefect_internals.log_batches import send_once, under_way

_ITEMS = [{"message": "a"}, {"message": "b"}]


def busy(code: int) -> httpx.HTTPStatusError:
    return httpx.HTTPStatusError("", request=httpx.Request("POST", "http://x"), response=httpx.Response(code))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The retries that Prefect's client would make of each request."""
    found: list[int] = []
    monkeypatch.setattr(APILogWorker, "_handle_batch", APILogWorker._handle_batch)
    monkeypatch.setattr(asyncio, "sleep", lambda seconds: _nothing())
    send_once()
    return found


@pytest.mark.parametrize(
    ("faults", "requests", "is_lost"),
    [
        ([], 1, False),
        ([httpx.ReadTimeout("")], 1, True),
        ([httpx.ReadError("")], 1, True),
        ([httpx.RemoteProtocolError("")], 1, True),
        ([busy(500)], 1, True),
        ([busy(503), busy(503)], 3, False),
        ([httpx.ConnectError("")], 2, False),
        ([httpx.ConnectError("")] * 9, 5, True),
    ],
)
async def test_a_batch_is_sent_again_only_if_the_server_cannot_have_it(
    asked: list[int],
    faults: list[Exception],
    requests: int,
    is_lost: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    left = iter(faults)

    async def create_logs(self: object, items: list[dict[str, Any]]) -> None:
        asked.append(PREFECT_CLIENT_MAX_RETRIES.value())
        assert (items, under_way()) == (_ITEMS, 2)
        if fault := next(left, None):
            raise fault

    client: Any = type("Client", (), {"create_logs": create_logs})()
    sender: Any = type("Sender", (), {"_client": client})()

    await log_batches._handle_batch(sender, _ITEMS)

    assert asked == [0] * requests
    assert ("2 log lines could not be sent" in capsys.readouterr().err) == is_lost
    assert under_way() == 0
    assert PREFECT_CLIENT_MAX_RETRIES.value() > 0


async def _nothing() -> None:
    """Let no time pass."""
