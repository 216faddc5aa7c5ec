"""When beats began and ended, by a clock that nobody sets."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from deployments.worker.beat_clock import BeatClock
from tests.waiting import LIMIT


class Hand:
    """A clock that is moved."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


async def test_a_beat_is_counted_from_its_beginning() -> None:
    hand = Hand()
    clock = BeatClock(hand)
    hand.at += 400
    assert clock.since == timedelta(seconds=400)

    with clock.beat():
        hand.at += 420
        assert (clock.is_under_way, clock.since) == (True, timedelta(seconds=420))

    assert not clock.is_under_way


async def test_the_end_of_a_beat_wakes_who_waits_for_it() -> None:
    clock = BeatClock()
    waiting = asyncio.create_task(clock.ended(LIMIT))
    await asyncio.sleep(0)

    try:
        with clock.beat():
            raise ValueError
    except ValueError:
        pass

    async with asyncio.timeout(LIMIT / 2):
        await waiting
