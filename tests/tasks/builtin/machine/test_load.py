"""What processes use: real ones that work and write, and what is said of their command lines."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from tasks.builtin.machine.load import Load, loads, short_command, uses
from tests.waiting import eventually

LOAD = Load(10, 5.0, "python", 1.0, 1000, 100, 3)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["python", "C:\\jobs\\backup.py", "--token", "secret"], "python backup.py"),
        (["python", "-u", "/jobs/backup.py", "secret"], "python backup.py"),
        (["python", "-m", "http.server", "secret"], "python -m http.server"),
        (["python", "-c", "print('secret')"], "python"),
        (["python", "-u", "-m", "jobs.sync", "secret"], "python -m jobs.sync"),
        (["pwsh.exe", "-NoProfile", "-File", "C:\\jobs\\sync.ps1", "secret"], "pwsh.exe sync.ps1"),
        (["sh", "-c", "curl -u me:secret x && sync.sh"], "sh"),
        (["cmd.exe", "/c", "set TOKEN=secret& run.bat"], "cmd.exe"),
        (["mytool", "-m", "secret"], "mytool"),
        (["node", "--token=secret.js"], "node"),
        (["server", "--password=secret"], "server"),
        (["kernel thread"], "kernel thread"),
    ],
)
def test_a_process_is_named_by_its_program_and_script_alone(words: list[str], expected: str) -> None:
    assert short_command(words[0], words) == expected


def test_use_is_what_was_added_between_two_looks() -> None:
    (use,) = uses([replace(LOAD, cpu_seconds=3.0, disk=300)], {LOAD.key: LOAD}, 4.0)
    assert (use.cores, use.disk_per_second) == (0.5, 50.0)


@pytest.mark.parametrize("another", [replace(LOAD, created=6.0), replace(LOAD, pid=11)])
def test_another_process_with_the_same_pid_has_no_use_yet(another: Load) -> None:
    assert uses([another], {LOAD.key: LOAD}, 1.0) == []


def test_what_is_not_reported_is_not_made_up() -> None:
    (use,) = uses([replace(LOAD, disk=None)], {LOAD.key: LOAD}, 1.0)
    assert use.disk_per_second is None


@pytest.mark.real_windows("of every process it reports the CPU time of the one that asks")
def test_a_real_process_that_works_is_seen_working() -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as child:
        try:
            first = {load.key: load for load in loads()}

            def worked() -> bool:
                mine = [use for use in uses(loads(), first, 1.0) if use.load.pid == child.pid]
                return bool(mine) and mine[0].cores > 0.1

            assert eventually(worked, "the process to use the CPU")
        finally:
            child.kill()


@pytest.mark.real_windows("it counts no handles")
def test_this_process_has_memory_and_handles() -> None:
    (mine,) = [load for load in loads() if load.pid == os.getpid()]
    assert mine.memory > 10_000_000
    assert mine.handles is None or mine.handles > 0
