"""The subscription to Prefect's events about runs: what wakes the worker, and when it polls."""

from __future__ import annotations

import asyncio
from datetime import UTC
from functools import partial
from uuid import uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.clients import PrefectEventSubscriber
from prefect.events.schemas.events import ReceivedEvent, Resource
from prefect.states import Suspended
from prefect.types import DateTime

from deployments.worker.run_events import UNCONNECTED, RunEvents, entering
from tests.waiting import LIMIT, soon


@flow
def some_flow() -> None:
    """Never run: its runs only come to states."""


@pytest.mark.parametrize(
    ("event", "state", "is_wanted"),
    [
        ("prefect.flow-run.Suspended", StateType.PAUSED, True),
        ("prefect.flow-run.Paused", StateType.PAUSED, True),
        ("prefect.flow-run.Completed", StateType.COMPLETED, False),
        ("prefect.flow-run.Scheduled", StateType.SCHEDULED, False),
        ("prefect.task-run.Paused", StateType.PAUSED, False),
    ],
)
def test_only_flow_runs_that_enter_its_states_are_wanted(
    event: str, state: StateType, is_wanted: bool
) -> None:
    resource = {"prefect.resource.id": f"prefect.flow-run.{uuid4()}", "prefect.state-type": state.value}
    at = DateTime.now(UTC)
    received = ReceivedEvent(event=event, resource=Resource(resource), id=uuid4(), occurred=at, received=at)

    assert entering(StateType.PAUSED).includes(received) is is_wanted


async def test_a_run_that_enters_one_of_its_states_ends_the_wait(prefect_api: str) -> None:
    run_events = RunEvents(StateType.PAUSED)
    run_events.listen()
    await soon(lambda: run_events.is_connected, "the subscription to be up")
    since = run_events.now()
    async with get_client() as client:
        await client.create_flow_run(some_flow, state=Suspended(timeout_seconds=600))
        noticed = await asyncio.wait_for(run_events.time_to_ask(since, every=2 * LIMIT), LIMIT)

    assert since < run_events.last_event <= noticed
    await run_events.stop()


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize(
    ("hears", "every", "pause", "next_time"),
    [
        (True, 45.0, 0.0, 45.0),
        (True, 0.5, 0.0, 0.5),
        (False, 45.0, 0.0, UNCONNECTED),
        (False, 0.5, 0.0, 0.5),
        (False, 45.0, 10.0, 10.0),
    ],
)
def test_one_that_hears_nothing_is_worth_little(
    hears: bool, every: float, pause: float, next_time: float
) -> None:
    clock = Clock()
    run_events = RunEvents(StateType.SCHEDULED, now=clock)
    run_events.is_connected = hears

    assert run_events.next_time(clock(), every, pause) == clock() + next_time


def test_after_an_event_one_asks_at_once_and_soon_again_and_then_as_before() -> None:
    clock = Clock()
    run_events = RunEvents(StateType.SCHEDULED, now=clock)
    run_events.is_connected = True
    before = clock()
    clock.seconds += 5
    run_events.notify()

    assert run_events.next_time(before, every=45) <= clock()
    assert run_events.next_time(before, every=45, pause=10) == before + 10
    clock.seconds += 0.1  # the event came before what it reports was committed
    assert run_events.next_time(clock(), every=45) == clock() + UNCONNECTED
    clock.seconds += UNCONNECTED
    assert run_events.next_time(clock(), every=45) == clock() + 45


async def test_a_ring_between_the_question_and_the_wait_is_not_missed() -> None:
    run_events = RunEvents(StateType.SCHEDULED)
    run_events.is_connected = True
    since = run_events.now()
    run_events.notify()

    await asyncio.wait_for(run_events.time_to_ask(since, every=2 * LIMIT), LIMIT)


async def test_where_nobody_answers_it_hears_nothing_and_can_be_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed = partial(PrefectEventSubscriber, "http://127.0.0.1:9/api")
    monkeypatch.setattr("deployments.worker.run_events.get_events_subscriber", closed)
    run_events = RunEvents(StateType.SCHEDULED)
    await run_events.stop()

    run_events.listen()
    await run_events.time_to_ask(run_events.now(), every=0.1)

    assert not run_events.is_connected
    await run_events.stop()
