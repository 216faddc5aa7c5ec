"""A script's job object: all of it ends, however the script, or we, come to an end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tasks.process.ownership import ownership
from tests.family import Family
from tests.waiting import LIMIT, eventually

# Starts itself `depth` times, each the child of the one before, and all of them wait.
CHAIN = """
import subprocess, sys, time, pathlib
folder, depth = pathlib.Path(sys.argv[1]), int(sys.argv[2])
if depth:
    subprocess.Popen([sys.executable, __file__, str(folder), str(depth - 1)])
(folder / f"up-{depth}").touch()
time.sleep(600)
"""
# Owns a chain, and waits to be killed.
OWNER = """
import subprocess, sys, time
from tasks.process.ownership import ownership
owned = ownership()
process = subprocess.Popen(sys.argv[1:], **owned.popen)
owned.take(process.pid)
time.sleep(600)
"""
#: The environment of programs that import the project, wherever they are.
PROJECT = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
SUSPENDED = 0x4


@pytest.fixture
def chain(family: Family) -> list[str]:
    script = family.folder / "chain.py"
    script.write_text(CHAIN, encoding="utf-8")
    return [sys.executable, str(script), str(family.folder), "2"]


def all_up(family: Family) -> bool:
    return all((family.folder / f"up-{depth}").exists() for depth in range(3))


def alive(family: Family) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if str(family.folder) in process.cmdline()[2:]:
                found.append(process)
        except (psutil.Error, IndexError):
            continue
    return found


def test_grandchildren_are_in_the_job_from_their_first_instruction(family: Family, chain: list[str]) -> None:
    owned = ownership()
    process = subprocess.Popen(chain, **owned.popen)  # noqa: S603 - our own script
    assert not all_up(family), "it waits until it is taken"

    owned.take(process.pid)
    eventually(lambda: all_up(family), "the chain")
    assert len(alive(family)) == 3

    owned.end()
    process.wait(LIMIT)
    eventually(lambda: not alive(family), "the end of all of it")
    owned.close()


def test_closing_the_job_ends_what_is_left(family: Family, chain: list[str]) -> None:
    owned = ownership()
    process = subprocess.Popen(chain, **owned.popen)  # noqa: S603 - our own script
    owned.take(process.pid)
    eventually(lambda: all_up(family), "the chain")

    owned.close()

    eventually(lambda: not alive(family), "the end of all of it")
    process.wait(LIMIT)


def test_what_is_let_go_goes_on(family: Family, chain: list[str]) -> None:
    owned = ownership()
    process = subprocess.Popen(chain, **owned.popen)  # noqa: S603 - our own script
    owned.take(process.pid)
    eventually(lambda: all_up(family), "the chain")
    process.kill()
    process.wait(LIMIT)

    owned.let_go()
    owned.close()

    assert len(alive(family)) == 2


def test_killing_the_owner_ends_all_that_it_owns(family: Family, chain: list[str]) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, *chain], env=PROJECT)  # noqa: S603 - our own
    eventually(lambda: all_up(family), "the chain")

    owner.kill()
    owner.wait(LIMIT)

    eventually(lambda: not alive(family), "the end of all of it")


def test_jobs_nest(family: Family, chain: list[str]) -> None:
    outer = ownership()
    owner = subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-c", OWNER, *chain], env=PROJECT, **outer.popen
    )
    outer.take(owner.pid)
    eventually(lambda: all_up(family), "the chain")

    outer.end()
    owner.wait(LIMIT)

    eventually(lambda: not alive(family), "the end of the outer job, and of the inner one with it")
    outer.close()


@pytest.fixture
def starts_a_service(family: Family) -> list[str]:
    return family.argv("starts_a_service.py", str(family.folder / "outputs"))


def only_the_service_is_left(family: Family) -> bool:
    return [process.cmdline()[-1] for process in family.alive()] == ["service"]


def test_a_service_outlives_the_owner_and_the_job_that_it_was_started_in(
    family: Family, starts_a_service: list[str]
) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, *starts_a_service], env=PROJECT)  # noqa: S603
    eventually(lambda: family.said("service") and family.said("child"), "the service and the child")

    owner.kill()
    owner.wait(LIMIT)

    eventually(lambda: only_the_service_is_left(family), "the end of all but the service")


def test_a_service_outlives_jobs_within_jobs(family: Family, starts_a_service: list[str]) -> None:
    outer = ownership()
    owner = subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-c", OWNER, *starts_a_service], env=PROJECT, **outer.popen
    )
    outer.take(owner.pid)
    eventually(lambda: family.said("service") and family.said("child"), "the service and the child")

    outer.end()
    owner.wait(LIMIT)
    outer.close()

    eventually(lambda: only_the_service_is_left(family), "the end of all but the service")


def test_a_service_is_started_also_in_a_job_that_lets_nothing_go(
    family: Family, starts_a_service: list[str]
) -> None:
    import win32api
    import win32con
    import win32job

    job: Any = win32job.CreateJobObject(None, "")  # type: ignore[func-returns-value]  # it does
    with subprocess.Popen(starts_a_service, env=PROJECT, creationflags=SUSPENDED) as process:  # noqa: S603
        win32job.AssignProcessToJobObject(
            job, win32api.OpenProcess(win32con.PROCESS_ALL_ACCESS, False, process.pid)
        )
        psutil.Process(process.pid).resume()

        eventually(lambda: family.said("service"), "the service")

        win32job.TerminateJobObject(job, 1)
        eventually(lambda: not family.alive(), "the end of all of it")


@pytest.mark.real_windows("its jobs add up nothing")
def test_the_job_counts_what_its_processes_use() -> None:
    owned = ownership()
    busy = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    process = subprocess.Popen([sys.executable, "-c", busy], **owned.popen)  # noqa: S603 - our own
    owned.take(process.pid)
    assert process.wait(LIMIT) == 0

    assert owned.cpu_seconds() >= 0.3
    owned.close()


@pytest.mark.parametrize(
    ("priority", "name"),
    [
        ("critical", "ABOVE_NORMAL_PRIORITY_CLASS"),
        ("normal", "NORMAL_PRIORITY_CLASS"),
        ("low", "BELOW_NORMAL_PRIORITY_CLASS"),
    ],
)
def test_a_groups_priority_becomes_its_scripts_class(family: Family, priority: str, name: str) -> None:
    owned = ownership(priority)  # type: ignore[arg-type]
    process = subprocess.Popen(family.argv("hangs.py"), **owned.popen)  # noqa: S603 - our own script
    owned.take(process.pid)

    assert psutil.Process(process.pid).nice() == getattr(psutil, name)

    owned.end()
    process.wait(LIMIT)
    owned.close()


def test_a_program_that_is_gone_before_it_is_taken_is_an_os_error() -> None:
    owned = ownership()
    process = subprocess.Popen([sys.executable, "-c", "pass"], **owned.popen)
    process.kill()
    process.wait(LIMIT)

    with pytest.raises(OSError, match="cannot be put into a job object"):
        owned.take(process.pid)
    owned.close()


@pytest.mark.real_windows("GenerateConsoleCtrlEvent reaches no other console")
def test_a_script_without_a_window_hears_ctrl_break_and_may_tidy_up(family: Family) -> None:
    from tasks.process.system import apart, ask_to_end

    tidy = (
        "import signal, sys, pathlib, time\n"
        "def stop(*_):\n    pathlib.Path(sys.argv[1], 'tidied').touch(); sys.exit(0)\n"
        "signal.signal(signal.SIGBREAK, stop)\npathlib.Path(sys.argv[1], 'ready').touch()\n"
        "while True: time.sleep(0.1)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", tidy, str(family.folder)], **apart())  # noqa: S603
    eventually(lambda: family.said("ready"), "it to listen")

    assert ask_to_end([psutil.Process(process.pid)])

    assert process.wait(LIMIT) == 0
    assert family.said("tidied")


@pytest.mark.real_windows("its job objects do not limit memory")
def test_all_of_it_together_is_given_no_more_memory_than_it_may_have() -> None:
    owned = ownership(memory=200 * 2**20)
    takes = "held = bytearray(400_000_000)"
    process = subprocess.Popen([sys.executable, "-c", takes], stderr=subprocess.PIPE, **owned.popen)  # noqa: S603
    owned.take(process.pid)

    _, errors = process.communicate(timeout=LIMIT)

    owned.close()
    assert process.returncode == 1
    assert b"MemoryError" in errors
