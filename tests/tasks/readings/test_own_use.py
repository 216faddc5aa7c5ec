"""What Rhythm uses of the CPU: all below its processes, what has ended included, and nobody else's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tasks.process.process_tree import Identity
from tasks.readings.own_use import UP, _ByProc, _ByPsutil, own_roots, own_use

# It burns so many seconds each time that it reads a line: itself, or in a child that it waits for.
WORKER = """
import subprocess, sys, time
burn = "import time\\nwhile time.process_time() < float({!r}): pass"
for line in sys.stdin:
    where, seconds = line.split()
    if where == "child":
        subprocess.run([sys.executable, "-c", burn.format(seconds)], check=True)
    else:
        end = time.process_time() + float(seconds)
        while time.process_time() < end:
            pass
    print("done", flush=True)
"""
#: CPU times are counted in hundredths, of each process.
EXACT = 0.03


class Worker:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process, self.pid = process, process.pid

    def burn(self, where: str, seconds: float) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{where} {seconds}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def worker() -> Iterator[Callable[[], Worker]]:
    with ExitStack() as stack:

        def start() -> Worker:
            process = subprocess.Popen(  # noqa: S603 - our own Python
                [sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return Worker(process)

        yield start


@pytest.mark.skipif(sys.platform == "win32", reason="a child's time is known there by its job alone")
@pytest.mark.parametrize("where", ["itself", "child"])
def test_what_a_process_and_its_ended_children_burn_is_counted(
    worker: Callable[[], Worker], where: str
) -> None:
    own, use = worker(), own_use()
    before = use.cpu_seconds((own.pid,))
    own.burn(where, 0.3)
    after = use.cpu_seconds((own.pid,))
    assert before is not None
    assert after is not None
    assert after - before >= 0.3 - EXACT


@pytest.mark.skipif(sys.platform == "win32", reason="a child's time is known there by its job alone")
def test_what_others_burn_is_not_counted(worker: Callable[[], Worker]) -> None:
    own, other, use = worker(), worker(), own_use()
    own.burn("itself", 0.0)
    before = use.cpu_seconds((own.pid,))
    other.burn("itself", 0.3)
    assert before is not None
    assert use.cpu_seconds((own.pid,)) == pytest.approx(before, abs=EXACT)


@pytest.mark.real_windows("of every process it reports the CPU time of the one that asks")
def test_a_process_that_is_below_two_of_the_roots_counts_once(worker: Callable[[], Worker]) -> None:
    own, use = worker(), own_use()
    own.burn("itself", 0.3)
    alone = use.cpu_seconds((os.getpid(),))
    both = use.cpu_seconds((os.getpid(), own.pid))
    assert alone is not None
    assert both == pytest.approx(alone, abs=0.2)


@pytest.mark.skipif(sys.platform == "win32", reason="a child's time is known there by its job alone")
def test_without_proc_children_that_have_ended_count_as_well(worker: Callable[[], Worker]) -> None:
    use, own = _ByPsutil(), worker()
    own.burn("itself", 0.0)
    before = use.cpu_seconds((os.getpid(),))
    own.burn("itself", 0.3)
    with_it = use.cpu_seconds((os.getpid(),))
    own.end()
    after = use.cpu_seconds((os.getpid(),))
    assert before is not None
    assert with_it is not None
    assert after is not None
    assert with_it - before >= 0.3 - EXACT
    assert after >= with_it - EXACT


def test_without_proc_a_process_that_is_gone_is_not_known(worker: Callable[[], Worker]) -> None:
    gone = worker()
    gone.end()
    assert _ByPsutil().cpu_seconds((gone.pid,)) is None


class Machine:
    """A /proc of processes that are not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, pid: int, parent: int, ticks: int = 0, of_children: int = 0) -> None:
        place = self.folder / str(pid)
        place.mkdir(exist_ok=True)
        figures = f"S {parent} " + "0 " * 9 + f"{ticks} 0 {of_children} 0 20 0"
        (place / "stat").write_text(f"{pid} (a ) name (with both) {figures}\n")

    def lost(self, pid: int) -> None:
        (self.folder / str(pid) / "stat").unlink()
        (self.folder / str(pid)).rmdir()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "self").mkdir()
    return Machine(tmp_path)


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has /proc")


@linux_only
def test_a_child_that_ends_between_two_looks_stays_counted(machine: Machine) -> None:
    use = _ByProc(machine.folder)
    machine.has(1, 0, 1000)
    machine.has(10, 1, 50)
    machine.has(11, 10, 200)
    assert use.cpu_seconds((10,)) == 2.5
    machine.lost(11)
    machine.has(10, 1, 60, of_children=230)
    assert use.cpu_seconds((10,)) == 2.9


@linux_only
def test_what_is_known_to_be_others_is_not_read_again_and_what_is_new_is_found(machine: Machine) -> None:
    use = _ByProc(machine.folder)
    machine.has(1, 0, 1000)
    machine.has(10, 1, 50)
    assert use.cpu_seconds((10,)) == 0.5
    machine.has(1, 10, 1000)  # if it were read again, it would be below 10
    machine.has(12, 11, 25)
    machine.has(11, 10, 25)
    assert use.cpu_seconds((10,)) == 1.0


@linux_only
def test_other_roots_have_others_below_them(machine: Machine) -> None:
    use = _ByProc(machine.folder)
    machine.has(1, 0, 1000)
    machine.has(10, 1, 50)
    assert use.cpu_seconds((10,)) == 0.5
    assert use.cpu_seconds((1,)) == 10.5


@linux_only
def test_without_the_roots_or_without_proc_nothing_is_known(machine: Machine, tmp_path: Path) -> None:
    machine.has(1, 0, 1000)
    assert _ByProc(machine.folder).cpu_seconds((10,)) is None
    assert _ByProc(tmp_path / "missing").cpu_seconds((10,)) is None


def test_the_roots_are_this_process_and_the_one_that_is_up(
    tmp_path: Path, worker: Callable[[], Worker]
) -> None:
    assert own_roots(tmp_path) == (os.getpid(),)
    up = Identity.of(worker().pid)
    assert up
    note = {"url": "http://127.0.0.1:4200/api", "process": {"pid": up.pid, "created": up.created}}
    (tmp_path / UP).write_text(json.dumps(note))
    assert own_roots(tmp_path) == (os.getpid(), up.pid)
    (tmp_path / UP).write_text(json.dumps(note | {"process": {"pid": up.pid, "created": up.created - 99}}))
    assert own_roots(tmp_path) == (os.getpid(),)
    (tmp_path / UP).write_text('{"process": {}}')
    assert own_roots(tmp_path) == (os.getpid(),)
