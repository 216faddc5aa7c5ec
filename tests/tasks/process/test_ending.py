"""Ending real processes: those that listen, those that do not, and those that come late."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterable

import psutil
import pytest

from tasks.process.ending import TreeEnd, end, nobody, uncancelled, with_descendants
from tasks.process.system import apart
from tests.family import Family
from tests.waiting import eventually

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to be deaf to")


def started(family: Family, *words: str) -> list[psutil.Process]:
    """A script and its grandchild, both running."""
    process = family.start("hangs.py", *words, **apart())
    eventually(lambda: family.said("grandchild"), "both to be ready")
    return with_descendants(psutil.Process(process.pid))


@posix_only
def test_it_reports_who_ended_when_asked_and_who_had_to_be_killed(family: Family) -> None:
    tree = started(family)
    asked = end(tree, 20)
    (family.folder / "grandchild").unlink()
    deaf = started(family, "deaf")
    killed = end(deaf, 0.2)

    assert (set(asked.asked), asked.killed, asked.left) == ({each.pid for each in tree}, (), ())
    assert (killed.asked, set(killed.killed), killed.left) == ((), {each.pid for each in deaf}, ())
    assert (asked.count, killed.count) == (2, 2)
    assert not family.alive()


def test_who_has_been_asked_already_is_killed_at_once(family: Family) -> None:
    tree = started(family)

    ended = end(tree, 300, ask=nobody)

    assert set(ended.killed) == {each.pid for each in tree}
    assert not family.alive()


def test_one_that_comes_while_others_go_ends_as_well(family: Family) -> None:
    """One look that finds nothing is not believed: a process may be missed between two parents."""
    tree = started(family)
    looks: list[list[psutil.Process]] = [[], [], tree]

    def find(known: Iterable[psutil.Process]) -> list[psutil.Process]:
        return looks.pop(0) if looks else [each for each in known if each.is_running()]

    ended = end([], 0.2, find=find)

    assert set(ended.killed) == {each.pid for each in tree}
    assert not family.alive()


def test_an_exit_code_is_left_to_its_parent_to_read() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, **apart())

    end([psutil.Process(process.pid)], 0, ask=nobody)

    assert process.wait(30) != 0
    assert process.stdin
    process.stdin.close()


def test_nothing_to_end_is_no_error() -> None:
    assert end([], 300) == TreeEnd()


async def test_a_call_that_is_not_to_be_cancelled_runs_to_its_end_and_then_the_task_is() -> None:
    goes_on, ended = threading.Event(), threading.Event()

    def work() -> None:
        goes_on.wait(60)
        ended.set()

    task = asyncio.create_task(uncancelled(work))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()

    goes_on.set()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
