"""Who looks left behind, and who never does."""

from __future__ import annotations

import pytest

from tasks.builtin.machine.processes import ProcessInfo
from tasks.builtin.machine.suspects import describe, idle_looking, neglects
from tests.tasks.builtin.conftest import NOW

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
    assert bool(idle_looking([suspect], (), NOW)) == is_idle


def test_those_that_are_excluded_are_no_suspects() -> None:
    assert [found.pid for found in idle_looking([process(3), process(4)], {3}, NOW)] == [4]


def test_those_with_most_memory_come_first() -> None:
    found = idle_looking([process(1, rss=5), process(2, rss=9), process(3, rss=None)], (), NOW)
    assert [suspect.pid for suspect in found] == [2, 1, 3]


def test_zombies_are_reported_once_a_parent_and_most_first() -> None:
    zombies = [process(pid, parent=2, zombie=True) for pid in range(100, 113)]
    found = neglects([process(3, parent=7, zombie=True), *zombies, process(2, parent=1, age=60)])
    assert [neglect.parent for neglect in found] == [2, 7]
    assert str(found[0]).startswith("python (2) has 13 zombies (100, 101, ")
    assert "109 and 3 more)" in str(found[0])


def test_an_idle_process_is_described_with_age_and_cost() -> None:
    assert describe(process(), NOW) == "python (10) looks idle: 2 hours old, 1.0 s of CPU, 1.0 MiB"
