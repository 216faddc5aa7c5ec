"""A process beside a command: started, logged, ended with all below it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import psutil
import pytest

from deployments.server.child import Child
from tasks.process import orphans
from tasks.process.orphans import SERVICES
from tests.family import Family
from tests.waiting import eventually

posix_only = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no SIGTERM to hear, no fork and no sessions"
)


def child(family: Family, script: str, *words: str) -> Child:
    """A child that runs an example script."""
    return Child("worker", family.argv(script, *words), family.folder, os.environ, family.folder)


def pids(tree: Iterable[psutil.Process]) -> set[int]:
    """Who they are, without what Windows adds to each that has a console."""
    return {process.pid for process in tree if process.name() != "conhost.exe"}


def started(family: Family, script: str, *words: str, said: str) -> Child:
    """A child that is running."""
    found = child(family, script, *words)
    found.start()
    eventually(lambda: family.said(said), f"{script} to be ready")
    return found


def dead(found: Child) -> Child:
    eventually(lambda: found.exit_code is not None, "the child to be dead")
    return found


def test_a_child_that_was_never_started_is_neither_dead_nor_alive(family: Family) -> None:
    found = child(family, "sleeps.py")

    assert (found.pid, found.exit_code, found.tree()) == (None, None, [])
    found.ask()


def test_its_output_is_in_its_log(family: Family) -> None:
    found = child(family, "shows.py", "RHYTHM_TEST_WHO")
    found.env = {**os.environ, "RHYTHM_TEST_WHO": "worker"}

    found.start()

    dead(found)
    assert found.exit_code == 0
    assert found.log.read_text().splitlines() == ["RHYTHM_TEST_WHO=worker"] * 2


@posix_only
def test_it_ends_when_it_is_asked_to(family: Family) -> None:
    found = started(family, "tidies_up.py", said="script")

    found.ask()

    dead(found)
    assert family.said("tidied")
    found.ask()


@posix_only
async def test_one_that_does_not_listen_is_killed_with_all_below_it(family: Family) -> None:
    found = started(family, "hangs.py", "deaf", said="grandchild")

    await found.end(0.2)

    assert found.exit_code is not None
    assert not family.alive()


async def test_one_whose_owner_was_killed_is_found_and_ended_by_the_next(family: Family) -> None:
    found = started(family, "hangs.py", said="grandchild")
    (record,) = (family.folder / SERVICES).iterdir()
    assert await orphans.sweep(family.folder, folder=SERVICES) == []  # its owner lives
    gone = record.read_text().replace(f'"pid":{os.getpid()}', '"pid":4194303')
    record.write_text(gone)

    assert await orphans.sweep(family.folder, folder=SERVICES) == ["worker"]

    assert not family.alive()
    dead(found)


async def test_one_that_was_ended_in_order_leaves_no_record(family: Family) -> None:
    found = started(family, "sleeps.py", said="sleeping")

    await found.end(5)

    assert list((family.folder / SERVICES).iterdir()) == []


def test_its_tree_is_all_below_it(family: Family) -> None:
    found = started(family, "hangs.py", said="grandchild")

    assert pids(found.tree()) == pids(family.alive())


@posix_only
def test_its_tree_has_those_that_cut_themselves_loose(family: Family) -> None:
    found = started(family, "hangs.py", "detached", said="grandchild")

    assert len(found.tree()) == 2


def test_what_a_dead_child_has_left_is_still_its_tree_and_is_asked_to_end(family: Family) -> None:
    found = started(family, "hangs.py", said="grandchild")
    (script,) = family.alive("hangs.py")
    script.kill()
    dead(found)

    assert pids(found.tree()) == pids(family.alive())

    found.ask()
    if sys.platform != "win32":
        eventually(lambda: not family.alive(), "what was left to end")
