"""The survey of processes: real ones, among them a real zombie."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tasks.builtin.machine.processes import ProcessInfo, ancestors, survey


def info(pid: int, parent: int | None = None) -> ProcessInfo:
    return ProcessInfo(pid, parent, "python", True, False, 0.0, 0.0, 0)


def test_this_process_is_surveyed_as_python() -> None:
    (ours,) = [process for process in survey() if process.pid == os.getpid()]
    assert ours.is_python
    assert ours.is_readable
    assert not ours.is_zombie
    assert ours.parent == os.getppid()
    assert ours.rss is not None
    assert ours.rss > 0


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="no zombies, or no way to wait for one")
def test_a_zombie_is_surveyed_as_one_and_not_as_denied() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    try:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has taken note
        (zombie,) = [process for process in survey() if process.pid == child.pid]
        assert zombie.is_zombie
        assert zombie.is_readable
    finally:
        child.wait()


def test_ancestors_go_up_to_the_first_unknown_parent() -> None:
    assert ancestors(4, [info(4, 3), info(3, 2), info(2, 77), info(9, 4)]) == {3, 2, 77}


def test_ancestors_of_a_circle_end() -> None:
    assert ancestors(4, [info(4, 3), info(3, 4)]) == {3, 4}


def test_ancestors_of_an_unknown_process_are_none() -> None:
    assert ancestors(4, []) == set()
