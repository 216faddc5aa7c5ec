"""Ending a beat from outside: what runs is cancelled, and what comes after it as well."""

from __future__ import annotations

import asyncio
import threading
from uuid import uuid4

import anyio
import pytest

from flows.cancellation import Cancellation, cancellation, current


async def test_what_heeds_it_is_cancelled_from_another_thread() -> None:
    asked = Cancellation()
    with asked.heeded() as scope:
        threading.Thread(target=asked.ask, args=("enough",)).start()
        await anyio.sleep_forever()

    assert scope.cancelled_caught
    assert asked.reason == "enough"


async def test_what_comes_later_is_cancelled_at_once() -> None:
    asked = Cancellation()
    asked.ask("enough")

    with asked.heeded() as scope:
        await anyio.sleep_forever()

    assert scope.cancelled_caught


async def test_of_blocks_within_each_other_the_inner_one_is_cancelled() -> None:
    asked = Cancellation()
    with asked.heeded() as outer:
        with asked.heeded() as inner:
            asked.ask("enough")
            await anyio.sleep_forever()
        assert inner.cancelled_caught

    assert not outer.cancelled_caught


async def test_the_first_reason_stays() -> None:
    asked = Cancellation()
    asked.ask("one")
    asked.ask("two")

    assert asked.reason == "one"


async def test_a_block_that_was_through_is_not_cancelled() -> None:
    asked = Cancellation()
    with asked.heeded() as scope:
        await asyncio.sleep(0)
    asked.ask("too late")

    assert not scope.cancelled_caught


def test_after_its_loop_has_ended_it_is_only_noted() -> None:
    asked = Cancellation()

    async def heed() -> None:
        with asked.heeded():
            await asyncio.sleep(0)

    asyncio.run(heed())
    asked.ask("too late")

    assert asked.reason == "too late"


async def test_a_group_is_ended_alone_and_the_beat_goes_on() -> None:
    beat = Cancellation()
    with beat.of_group(uuid4()) as group:
        with current().heeded() as scope:
            group.ask("enough")
            await anyio.sleep_forever()
        assert scope.cancelled_caught

    assert beat.group is None
    assert (group.reason, beat.reason) == ("enough", "")


@pytest.mark.parametrize("is_before", [True, False])
async def test_with_the_beat_its_group_ends(is_before: bool) -> None:
    beat = Cancellation()
    if is_before:
        beat.ask("enough")
    with beat.of_group(uuid4()), current().heeded() as scope:
        beat.ask("enough")
        await anyio.sleep_forever()

    assert scope.cancelled_caught


def test_nobody_asks_unless_it_was_set() -> None:
    assert current().reason == ""

    token = cancellation.set(Cancellation())
    try:
        assert current() is current()
    finally:
        cancellation.reset(token)
