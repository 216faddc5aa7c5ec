"""When the worker asks for runs, on a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from prefect import State, flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.settings import PREFECT_WORKER_QUERY_SECONDS, temporary_settings
from prefect.states import Scheduled

from deployments.prefect_internals import event_polling
from deployments.prefect_internals.event_polling import EventPolling
from flows import clock
from tests.deployments.prefect_internals.conftest import changed

POOL = "pool-of-test-event-polling"


@flow
def some_flow() -> None:
    """Never run."""


class Waits:
    """Waits for no time at all, and notes for how long it should have."""

    def __init__(self, upto: int) -> None:
        self.seconds: list[float] = []
        self._upto = upto

    async def __call__(self, since: float, every: float) -> float:
        self.seconds.append(every)
        if len(self.seconds) > self._upto:
            raise TimeoutError
        return since


@pytest.fixture
async def client(prefect_api: str) -> AsyncIterator[PrefectClient]:
    """A client of a server with a pool of this test's own."""
    async with get_client() as made:
        await made.create_work_pool(WorkPoolCreate(name=POOL, type="rhythm"))
        yield made
        await made.delete_work_pool(POOL)


async def asked(polling: EventPolling, client: PrefectClient) -> None:
    """Ask for the first time, which is at once."""
    await polling.until_due(client)


async def test_while_nothing_is_due_it_waits_for_an_event_or_until_it_is_to_show_up(
    client: PrefectClient,
) -> None:
    waits = Waits(upto=1)
    polling = EventPolling(POOL, 0.0, waits)
    await asked(polling, client)
    with pytest.raises(TimeoutError):
        await polling.until_due(client)

    first, second = waits.seconds
    assert 0 < second < first <= 45


async def test_it_asks_more_often_than_prefect_takes_it_for_dead(client: PrefectClient) -> None:
    waits = Waits(upto=0)
    with temporary_settings({PREFECT_WORKER_QUERY_SECONDS: 0.5}):
        polling = EventPolling(POOL, 0.0, waits)
    await asked(polling, client)
    with pytest.raises(TimeoutError):
        await polling.until_due(client)

    assert waits.seconds[0] <= 20 * 0.5 < 30 * 0.5


async def test_it_waits_until_the_next_run_is_due_and_then_no_longer(client: PrefectClient) -> None:
    due: State[None] = Scheduled(scheduled_time=clock.now() + timedelta(seconds=30))
    run = await client.create_flow_run(some_flow, state=due, work_pool_name=POOL)
    waits = Waits(upto=0)
    polling = EventPolling(POOL, 5.0, waits)
    await asked(polling, client)
    with pytest.raises(TimeoutError):
        await polling.until_due(client)
    assert 0 < waits.seconds[0] <= 25

    await client.set_flow_run_state(run.id, Scheduled(), force=True)
    await polling.until_due(client)

    assert len(waits.seconds) == 1


async def test_where_prefect_has_changed_it_asks_whenever_prefect_does(
    client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_polling, "EVENT_POLLING", changed(event_polling.EVENT_POLLING))
    waits = Waits(upto=0)
    polling = EventPolling(POOL, 0.0, waits)

    for _ in range(3):
        await polling.until_due(client)

    assert not waits.seconds
