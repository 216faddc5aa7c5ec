"""What Prefect's client still holds is sent when it is drained, on a real server."""

from __future__ import annotations

import asyncio

import pytest
from prefect.client.orchestration import get_client
from prefect.events import emit_event
from prefect.events.filters import EventFilter, EventNameFilter
from prefect.logging.handlers import APILogWorker

from deployments.prefect_internals import drain as module
from deployments.prefect_internals.drain import drain
from deployments.prefect_internals.log_batches import send_once, under_way
from tests.deployments.prefect_internals.conftest import changed
from tests.waiting import LIMIT, soon


async def test_an_event_is_sent_before_it_returns(prefect_api: str) -> None:
    emit_event("rhythm.test.drain", resource={"prefect.resource.id": "rhythm.test.drain"})

    await drain(LIMIT)

    wanted = EventFilter(event=EventNameFilter(name=["rhythm.test.drain"]))
    async with get_client() as client, asyncio.timeout(LIMIT):
        while not (await client.read_events(wanted, limit=1)).events:  # the server collects before it writes
            await asyncio.sleep(0.1)


async def test_where_prefect_has_changed_it_is_left_to_prefect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DRAIN", changed(module.DRAIN))
    monkeypatch.delattr("prefect.logging.handlers.APILogHandler.aflush")

    await drain(1.0)


async def test_a_server_that_does_not_answer_is_not_waited_for_and_what_is_left_is_counted(
    prefect_api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("prefect.client.orchestration.PrefectClient.create_logs", never)
    monkeypatch.setattr(APILogWorker, "_handle_batch", APILogWorker._handle_batch)
    send_once()
    sender = APILogWorker.instance()
    for number in range(3):
        sender.send({"message": str(number), "__payload_size__": 10**6})
    await soon(lambda: under_way() == 1, "the first line to be sent")
    sender.send({"message": "one more", "__payload_size__": 10**6})

    assert await drain(0.5) == 4
