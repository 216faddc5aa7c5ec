"""The report on processes: who is suspected, who never is, and that nobody is ended."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tasks.builtin.cleanup_processes import describe, main, report_on
from tasks.machine.processes import ProcessInfo, survey
from tests.tasks.builtin.conftest import NOW, MakeContext

HOUR = 3600


def process(
    pid: int = 10,
    *,
    parent: int = 1,
    python: bool = True,
    zombie: bool = False,
    age: float | None = 2 * HOUR,
    cpu: float | None = 1.0,
    rss: int | None = 2**20,
) -> ProcessInfo:
    created = None if age is None else NOW.timestamp() - age
    return ProcessInfo(pid, parent, "python", python, zombie, created, cpu, rss)


@pytest.mark.parametrize(
    ("suspect", "is_idle"),
    [
        (process(), True),
        (process(age=HOUR), False),
        (process(age=HOUR + 1), True),
        (process(cpu=72.0), False),  # exactly 1 % of two hours
        (process(cpu=71.9), True),
        (process(python=False), False),
        (process(zombie=True), False),
        (process(cpu=None), False),
        (process(age=None), False),
    ],
)
def test_an_idle_process_is_old_has_done_little_and_is_python(suspect: ProcessInfo, is_idle: bool) -> None:
    assert bool(report_on([suspect], NOW, own_pid=99).idle) == is_idle


def test_we_and_our_parents_are_never_suspects() -> None:
    family = [process(3, parent=2), process(2, parent=1), process(1, parent=0), process(4, parent=2)]
    assert [found.pid for found in report_on(family, NOW, own_pid=3).idle] == [4]


def test_those_with_most_memory_come_first() -> None:
    found = report_on([process(1, rss=5), process(2, rss=9), process(3, rss=None)], NOW, own_pid=99)
    assert [suspect.pid for suspect in found.idle] == [2, 1, 3]


def test_processes_of_others_are_counted() -> None:
    found = report_on(
        [process(cpu=None), process(rss=None), process(), process(zombie=True, cpu=None)], NOW, 99
    )
    assert found.denied == 2
    assert "2 processes not to be looked at" in found.summary


def test_the_summary_says_that_nothing_was_ended() -> None:
    assert "only reported, nothing was ended" in report_on([], NOW, own_pid=99).summary


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="no zombies, or no way to wait for one")
def test_a_real_zombie_is_told_with_its_parent(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    try:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        main([], make_context(now=datetime.now(UTC)))
    finally:
        child.wait()
    (told,) = [text for text in caplog.messages if f"({os.getpid()}) has" in text]
    assert str(child.pid) in told


def test_zombies_are_told_once_a_parent_and_most_first() -> None:
    zombies = [process(pid, parent=2, zombie=True) for pid in range(100, 113)]
    found = report_on([process(3, parent=7, zombie=True), *zombies, process(2, parent=1, age=60)], NOW, 99)
    assert [neglect.parent for neglect in found.neglects] == [2, 7]
    assert str(found.neglects[0]).startswith("python (2) has 13 zombies (100, 101, ")
    assert "109 and 3 more)" in str(found.neglects[0])
    assert found.summary.startswith("14 zombies, 0 idle")


def test_an_idle_process_is_described_with_age_and_cost() -> None:
    assert describe(process(), NOW) == "python (10) looks idle: 2 hours old, 1.0 s of CPU, 1.0 MiB"


def test_a_real_idle_process_is_found_and_lives_on(make_context: MakeContext) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()  # it has started, and now waits
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        idle = {found.pid for found in report_on(survey(), tomorrow, os.getpid()).idle}
        assert "only reported" in main([], make_context(now=tomorrow))
        assert child.poll() is None
        child.communicate("\n")
    assert child.pid in idle
    assert not {os.getpid(), os.getppid()} & idle
