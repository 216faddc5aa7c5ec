"""The accounting: nothing that a system has started is left out, whoever its parent is by now."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.tree import Tree
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only, as the benchmark is")

_BUSY = 0.3  # seconds of CPU
_BURN = f"import time\nwhile time.process_time() < {_BUSY}: pass\n"
# Notes its process, in a file that is whole as soon as it is there, and stays until it is ended.
_STAY = """import os, pathlib, time
pathlib.Path("noted").write_text(str(os.getpid()))
os.rename("noted", "stays")
time.sleep(600)
"""
_FORK_TWICE = """import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        exec({text!r})
    os._exit(0)
os.wait()
"""


@pytest.fixture
def tree() -> Iterator[Tree]:
    with Tree() as tree:
        yield tree


def start(tree: Tree, folder: Path, text: str) -> None:
    tree.start([sys.executable, "-c", text], folder / "log.txt", cwd=folder, env=os.environ)


def all_ended(tree: Tree, atleast: float) -> bool:
    reading = tree.read()
    return reading.cpu >= atleast and not reading.alive


def test_a_grandchild_that_has_ended_counts(tree: Tree, tmp_path: Path) -> None:
    start(tree, tmp_path, f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {_BURN!r}])")

    eventually(lambda: all_ended(tree, _BUSY), "the grandchild's CPU")


def test_a_grandchild_that_nobody_has_waited_for_counts(tree: Tree, tmp_path: Path) -> None:
    start(tree, tmp_path, f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {_BURN!r}])")

    eventually(lambda: all_ended(tree, _BUSY), "the orphan's CPU")


def test_a_daemon_that_forks_twice_counts_while_it_runs_and_after(tree: Tree, tmp_path: Path) -> None:
    start(tree, tmp_path, _FORK_TWICE.format(text=_BURN + _STAY))
    eventually((tmp_path / "stays").exists, "the daemon")

    eventually(lambda: len(tree.read().alive) == 1, "those between it and its root to end")
    living = tree.read().cpu
    os.kill(int((tmp_path / "stays").read_text(encoding="utf-8")), 15)
    eventually(lambda: not tree.read().alive, "the daemon's end")

    assert _BUSY <= living <= tree.read().cpu


def test_what_burns_beside_the_tree_does_not_count(tree: Tree, tmp_path: Path) -> None:
    start(tree, tmp_path, _STAY)
    eventually((tmp_path / "stays").exists, "the program")
    before, begun = tree.read().cpu, time.process_time()

    while time.process_time() - begun < _BUSY:
        pass

    assert tree.read().cpu - before < _BUSY


def test_memory_is_that_of_the_living(tree: Tree, tmp_path: Path) -> None:
    start(tree, tmp_path, "big = b'x' * 50_000_000\n" + _STAY)
    eventually((tmp_path / "stays").exists, "the program")

    assert tree.memory() > 50_000_000


def test_the_end_of_a_tree_is_the_end_of_its_daemons(tmp_path: Path) -> None:
    with Tree() as tree:
        start(tree, tmp_path, _FORK_TWICE.format(text=_STAY))
        eventually((tmp_path / "stays").exists, "the daemon")

    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "stays").read_text(encoding="utf-8")), 0)


def test_a_root_that_somebody_has_killed_is_no_number(tmp_path: Path) -> None:
    with Tree() as tree:
        root = tree.start([sys.executable, "-c", "pass"], tmp_path / "log.txt", cwd=tmp_path, env=os.environ)
        os.kill(root, 9)

        with pytest.raises(RuntimeError, match="killed by somebody else"):
            eventually(lambda: tree.read() and False, "the loss to be seen")
