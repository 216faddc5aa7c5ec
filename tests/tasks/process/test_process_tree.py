"""Real trees of processes, ended: all of the script's, and nobody else's."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.process import process_tree
from tasks.process.process_tree import MARK, Identity, descendants, members
from tasks.process.system import apart
from tests.family import Family
from tests.waiting import eventually, soon

posix_only = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no SIGTERM to ignore, no fork and no sessions"
)


def start(family: Family, script: str, *words: str, mark: str = "ours", said: str = "") -> Identity:
    """Start an example script as a step would be, and wait until it says how far it is."""
    process = family.start(script, *words, env={**os.environ, MARK: mark}, **apart())
    eventually(lambda: family.said(said or "grandchild"), f"{script} to be ready")
    leader = Identity.of(process.pid)
    assert leader
    return leader


async def test_a_script_and_its_grandchild_end(family: Family) -> None:
    leader = start(family, "hangs.py")

    assert await process_tree.end("ours", leader) == 2

    assert not family.alive()


async def test_a_script_that_ends_when_it_is_asked_to_is_given_the_time_to_tidy_up(family: Family) -> None:
    leader = start(family, "tidies_up.py", said="script")

    await process_tree.end("ours", leader, grace=20)

    assert not family.alive()
    assert family.said("tidied") or sys.platform == "win32"


@posix_only
async def test_those_that_ignore_the_request_to_end_are_killed(family: Family) -> None:
    leader = start(family, "hangs.py", "deaf")

    assert await process_tree.end("ours", leader, grace=0.2) == 2

    assert not family.alive()


@posix_only
@pytest.mark.parametrize("words", [("detached",), ("detached", "deaf")])
async def test_a_grandchild_that_has_cut_itself_loose_is_found_by_its_mark(
    family: Family, words: tuple[str, ...]
) -> None:
    leader = start(family, "hangs.py", *words)
    (grandchild,) = family.alive("sleeps.py")
    assert leader.pid not in [parent.pid for parent in grandchild.parents()]

    assert await process_tree.end("ours", leader, grace=0.2) == 2

    assert not family.alive()


async def test_the_mark_is_enough_when_the_leader_is_not_known(family: Family) -> None:
    start(family, "hangs.py")

    assert await process_tree.end("ours", None, grace=0.2) == 2

    assert not family.alive()


@posix_only
async def test_a_deaf_grandchild_without_an_environment_does_not_get_away_when_its_parent_goes(
    family: Family,
) -> None:
    leader = start(family, "hangs.py", "bare")
    (grandchild,) = family.alive("sleeps.py")
    grandchild.suspend()  # deafer than deaf: it is asked first, and hears nothing

    assert await process_tree.end("ours", leader, grace=0.5) == 2

    assert not family.alive()


@posix_only
async def test_what_is_started_while_it_is_ended_ends_as_well(family: Family) -> None:
    leader = start(family, "forks_when_asked.py", said="script")

    await process_tree.end("ours", leader, grace=1.0)

    assert family.said("defiant")
    assert not family.alive()


@posix_only
async def test_a_script_that_replaces_its_killed_child_ends(family: Family) -> None:
    leader = start(family, "respawns.py", said="child")

    await process_tree.end("ours", leader, grace=0.1)

    assert not family.alive()


async def test_a_process_of_the_same_name_is_not_touched(family: Family) -> None:
    theirs = family.start("hangs.py", **apart())
    eventually(lambda: family.said("grandchild"), "the bystander to be ready")
    (family.folder / "grandchild").unlink()
    leader = start(family, "hangs.py")
    assert len(family.alive()) == 4

    await process_tree.end("ours", leader, grace=0.2)

    assert theirs.pid in [process.pid for process in family.alive("hangs.py")]
    assert len(family.alive()) == 2


async def test_a_script_with_another_mark_is_not_touched(family: Family) -> None:
    start(family, "hangs.py", mark="another")

    assert await process_tree.end("ours", None) == 0

    assert len(family.alive()) == 2


def test_what_is_below_a_scripts_subreaper_belongs_to_it_and_the_subreaper_does_not(family: Family) -> None:
    subreaper = start(family, "hangs.py", mark="another")

    found = process_tree.members("ours", subreaper=subreaper)

    assert found == family.alive("sleeps.py")


async def test_a_later_process_with_the_pid_of_the_script_is_not_touched(family: Family) -> None:
    later = start(family, "sleeps.py", mark="another", said="sleeping")
    gone = Identity(later.pid, later.created - 1)

    assert gone.process() is None
    assert await process_tree.end("ours", gone) == 0

    assert later.process()


def test_we_are_never_a_member_of_what_we_end() -> None:
    ends_itself = (
        "import asyncio; from tasks.process.process_tree import Identity, end; "
        "print(asyncio.run(end('ours', Identity.mine())))"
    )

    argv = [sys.executable, "-c", ends_itself]
    ended = subprocess.run(argv, env={**os.environ, MARK: "ours"}, stdout=subprocess.PIPE)  # noqa: S603

    assert (ended.returncode, ended.stdout.split()) == (0, [b"0"])


@posix_only
async def test_the_tree_ends_however_often_the_task_that_ends_it_is_cancelled(family: Family) -> None:
    leader = start(family, "hangs.py", "deaf")
    ending = asyncio.create_task(process_tree.end("ours", leader, grace=0.5))

    while not ending.done():
        await asyncio.sleep(0.01)
        ending.cancel()

    assert ending.cancelled()
    assert not family.alive()


async def test_a_tree_that_is_gone_already_is_no_error() -> None:
    assert await process_tree.end("ours", None) == 0
    assert await process_tree.end("ours", Identity(2**22 + 1, 1.0)) == 0


async def test_members_are_those_known_and_all_below_them(family: Family) -> None:
    leader = start(family, "hangs.py", mark="another")
    root = leader.process()
    assert root

    assert {process.pid for process in members("ours", [root])} == {process.pid for process in family.alive()}


@posix_only
async def test_the_machines_processes_are_gone_through_once_however_many_belong_to_it(
    family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaders = [start(family, "hangs.py") for _ in range(3)]
    asked: list[int] = []
    ppid = psutil.Process.ppid

    def counted(process: psutil.Process) -> int:
        asked.append(process.pid)
        return ppid(process)

    monkeypatch.setattr(psutil.Process, "ppid", counted)

    found = members("ours", [root for leader in leaders if (root := leader.process())])

    assert {process.pid for process in found} == {process.pid for process in family.alive()}
    assert len(asked) == len(set(asked))


@given(st.dictionaries(st.integers(1, 30), st.integers(0, 30)), st.sets(st.integers(1, 30)))
def test_descendants_are_those_of_whom_a_root_is_an_ancestor(
    parents: dict[int, int], roots: set[int]
) -> None:
    def descends(pid: int) -> bool:
        seen: set[int] = set()
        while pid in parents and pid not in seen:
            seen.add(pid)
            pid = parents[pid]
            if pid in roots:
                return True
        return False

    assert descendants(roots, parents) == {pid for pid in parents if descends(pid)} - roots


@pytest.mark.parametrize("pid", [0, -1, 2**22 + 1, 2**40])
def test_a_pid_that_nobody_has_is_nobodys_identity(pid: int) -> None:
    assert Identity(pid, 1.0).process() is None


def test_a_process_has_one_identity_for_as_long_as_it_runs() -> None:
    me = Identity.mine()

    assert me == Identity.of(os.getpid())
    found = me.process()
    assert found
    assert found.pid == os.getpid()


@posix_only
def test_a_zombie_does_not_live() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    identity = Identity.of(process.pid)
    assert identity

    eventually(
        lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE, "the process to be a zombie"
    )

    assert identity.process() is None
    process.wait()
    assert Identity.of(process.pid) != identity


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux derives the time of creation from the clock")
def test_a_process_is_still_itself_after_the_clock_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    from psutil import _pslinux

    me = Identity.mine()
    booted = psutil.boot_time()

    monkeypatch.setattr(_pslinux, "boot_time", lambda: booted + 3600)

    assert me.process()


async def test_ending_a_tree_does_not_hold_up_the_event_loop(family: Family) -> None:
    leader = start(family, "tidies_up.py", said="script")
    ending = asyncio.create_task(process_tree.end("ours", leader, grace=20))

    await soon(lambda: not family.alive(), "the script to end, watched from the same event loop")

    assert await ending == 1


@posix_only
async def test_a_stopped_script_ends(family: Family) -> None:
    leader = start(family, "sleeps.py", said="sleeping")
    os.kill(leader.pid, signal.SIGSTOP)

    await process_tree.end("ours", leader, grace=0.1)

    assert not family.alive()
