"""The lock: one holder on this machine, and free the moment that it dies."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from flows.lock import beat_lock
from tests.family import Family
from tests.waiting import eventually


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    return tmp_path / "outputs"


def holder(family: Family, outputs: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start a process that holds the lock, and wait until it does."""
    process = family.start("takes_beat_lock.py", str(outputs), "once", *words)
    eventually(lambda: family.said("held"), "the lock to be held")
    return process


async def test_two_processes_never_hold_the_lock_at_once(family: Family, outputs: Path) -> None:
    processes = [family.start("takes_beat_lock.py", str(outputs), "4") for _ in range(3)]

    assert [process.wait() for process in processes] == [0, 0, 0]


async def test_without_patience_a_lock_that_is_not_free_is_not_had(family: Family, outputs: Path) -> None:
    process = holder(family, outputs)

    async with beat_lock(outputs, patience=0) as held:
        assert not held
    assert process.poll() is None


async def test_patience_ends(family: Family, outputs: Path) -> None:
    holder(family, outputs)

    async with beat_lock(outputs, patience=0.1) as held:
        assert not held


async def test_with_patience_a_lock_that_becomes_free_is_had(family: Family, outputs: Path) -> None:
    process = holder(family, outputs)
    family.tell("end")

    async with beat_lock(outputs, patience=30) as held:
        assert held
    process.wait()


async def test_without_a_limit_it_waits_until_the_lock_is_free(family: Family, outputs: Path) -> None:
    process = holder(family, outputs)
    entered = asyncio.Event()

    async def enter() -> None:
        async with beat_lock(outputs) as held:
            assert held
            entered.set()

    waiting = asyncio.create_task(enter())
    await asyncio.sleep(0)
    assert not entered.is_set()
    family.tell("end")

    await waiting
    assert entered.is_set()
    process.wait()


async def test_a_killed_holder_frees_it(family: Family, outputs: Path) -> None:
    process = holder(family, outputs)

    process.kill()
    process.wait()

    async with beat_lock(outputs, patience=0) as held:
        assert held


async def test_a_child_that_the_holder_has_left_behind_does_not_keep_it(
    family: Family, outputs: Path
) -> None:
    process = holder(family, outputs, "leaving")

    process.kill()
    process.wait()

    assert len(family.alive("sleeps.py")) == 1
    async with beat_lock(outputs, patience=0) as held:
        assert held


async def test_what_runs_inside_a_lock_shares_it(outputs: Path) -> None:
    async with beat_lock(outputs) as outer, beat_lock(outputs, patience=0) as inner:
        assert (outer, inner) == (True, True)

        async def group() -> bool:
            async with beat_lock(outputs, patience=0) as held:
                return held

        assert await asyncio.create_task(group())


async def test_leaving_the_inner_lock_does_not_release_the_outer(family: Family, outputs: Path) -> None:
    async with beat_lock(outputs):
        async with beat_lock(outputs):
            pass
        assert family.start("takes_beat_lock.py", str(outputs), "once", "impatient").wait() == 7


async def test_two_tasks_of_one_process_take_turns(outputs: Path) -> None:
    inside: list[str] = []

    async def group(name: str) -> None:
        async with beat_lock(outputs) as held:
            assert held
            inside.append(name)
            await asyncio.sleep(0)
            inside.append(name)

    await asyncio.gather(group("a"), group("b"))

    assert inside in (["a", "a", "b", "b"], ["b", "b", "a", "a"])


async def test_one_that_was_not_had_leaves_nothing_behind(family: Family, outputs: Path) -> None:
    process = holder(family, outputs)
    async with beat_lock(outputs, patience=0) as first:
        assert not first
        async with beat_lock(outputs, patience=0) as second:
            assert not second
    process.kill()
    process.wait()

    async with beat_lock(outputs, patience=0) as held:
        assert held


async def test_it_is_given_back_when_the_block_fails_or_is_cancelled(outputs: Path) -> None:
    with pytest.raises(RuntimeError):
        async with beat_lock(outputs):
            raise RuntimeError

    async def hang() -> None:
        async with beat_lock(outputs):
            await asyncio.Event().wait()

    hanging = asyncio.create_task(hang())
    await asyncio.sleep(0)
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging

    async with beat_lock(outputs, patience=0) as held:
        assert held
