"""The bell that rings when Prefect tells of a run's state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest
from prefect import State, flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.clients import PrefectEventSubscriber
from prefect.states import Completed, Scheduled, Suspended

from deployments.worker.bell import DEAF, Bell
from tests.waiting import LIMIT, soon


@flow
def some_flow() -> None:
    """Never run: its runs only come to states."""


class Counted(Bell):
    """One that counts how often it rings."""

    rings = 0

    def ring(self) -> None:
        self.rings += 1
        super().ring()


@pytest.fixture
async def bell(prefect_api: str) -> AsyncIterator[Counted]:
    """One that hears of runs that are paused, as hardly any other test's are."""
    it = Counted(StateType.PAUSED)
    it.listen()
    await soon(lambda: it.hears, "it to hear")
    yield it
    await it.stop()


async def test_it_rings_for_its_states_and_no_others(bell: Counted) -> None:
    since = bell.now()
    states: list[State[None]] = [Completed(), Scheduled(), Suspended(timeout_seconds=600)]
    async with get_client() as client:
        for state in states:  # it hears of them in this order
            await client.create_flow_run(some_flow, state=state)
        rang = await asyncio.wait_for(bell.time_to_ask(since, every=2 * LIMIT), LIMIT)

    assert bell.rings == 1
    assert since < bell.rang <= rang


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize(
    ("hears", "every", "pause", "next_time"),
    [
        (True, 45.0, 0.0, 45.0),
        (True, 0.5, 0.0, 0.5),
        (False, 45.0, 0.0, DEAF),
        (False, 0.5, 0.0, 0.5),
        (False, 45.0, 10.0, 10.0),
    ],
)
def test_one_that_hears_nothing_is_worth_little(
    hears: bool, every: float, pause: float, next_time: float
) -> None:
    clock = Clock()
    bell = Bell(StateType.SCHEDULED, now=clock)
    bell.hears = hears

    assert bell.next_time(clock(), every, pause) == clock() + next_time


def test_once_it_has_rung_one_asks_at_once_and_soon_again_and_then_as_before() -> None:
    clock = Clock()
    bell = Bell(StateType.SCHEDULED, now=clock)
    bell.hears = True
    before = clock()
    clock.seconds += 5
    bell.ring()

    assert bell.next_time(before, every=45) <= clock()
    assert bell.next_time(before, every=45, pause=10) == before + 10
    clock.seconds += 0.1  # it was told before what it tells of was committed
    assert bell.next_time(clock(), every=45) == clock() + DEAF
    clock.seconds += DEAF
    assert bell.next_time(clock(), every=45) == clock() + 45


async def test_a_ring_between_the_question_and_the_wait_is_not_missed() -> None:
    bell = Bell(StateType.SCHEDULED)
    bell.hears = True
    since = bell.now()
    bell.ring()

    await asyncio.wait_for(bell.time_to_ask(since, every=2 * LIMIT), LIMIT)


async def test_where_nobody_answers_it_hears_nothing_and_can_be_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed = partial(PrefectEventSubscriber, "http://127.0.0.1:9/api")
    monkeypatch.setattr("deployments.worker.bell.get_events_subscriber", closed)
    bell = Bell(StateType.SCHEDULED)
    await bell.stop()

    bell.listen()
    await bell.time_to_ask(bell.now(), every=0.1)

    assert not bell.hears
    await bell.stop()
