"""A process that is kept alive: started, logged, started again, ended with all below it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import psutil
import pytest

from deployments import child as module
from deployments.child import Child, back_off
from tasks import orphans
from tasks.orphans import SERVICES
from tests.family import Family
from tests.waiting import eventually

posix_only = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no SIGTERM to hear, no fork and no sessions"
)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restarts come at once."""
    monkeypatch.setattr(module, "_FIRST", 0.01)


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


@pytest.mark.parametrize(
    ("deaths", "seconds"), [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (100_000, 60)]
)
def test_the_wait_doubles_up_to_a_minute(deaths: int, seconds: float) -> None:
    assert back_off(deaths) == seconds


def test_a_child_that_lives_is_left_alone(family: Family) -> None:
    found = started(family, "sleeps.py", said="sleeping")

    assert found.revive() is None
    assert (found.exit_code, found.deaths) == (None, 0)
    assert found.pid in [process.pid for process in family.alive()]


def test_a_child_that_was_never_started_is_neither_dead_nor_alive(family: Family) -> None:
    found = child(family, "sleeps.py")

    assert (found.pid, found.exit_code, found.revive(), found.tree()) == (None, None, None, [])
    found.ask()


def test_its_output_is_in_its_log(family: Family) -> None:
    found = child(family, "shows.py", "RHYTHM_TEST_WHO")
    found.env = {**os.environ, "RHYTHM_TEST_WHO": "worker"}

    found.start()

    dead(found)
    assert found.exit_code == 0
    assert found.log.read_text().splitlines() == ["RHYTHM_TEST_WHO=worker"] * 2


@pytest.mark.usefixtures("quick")
def test_a_dead_child_is_told_of_once_and_started_again(family: Family) -> None:
    found = started(family, "sleeps.py", said="sleeping")
    first = found.pid
    family.alive()[0].kill()
    dead(found)

    news = found.revive()

    assert news
    assert "the worker has died (exit code " in news
    assert str(found.log) in news
    assert found.deaths == 1
    again = eventually(found.revive, "the child to be started again")
    assert again == "the worker is started again"
    assert found.pid != first
    assert found.exit_code is None
    assert found.revive() is None


@pytest.mark.usefixtures("quick")
def test_deaths_in_a_row_are_counted(family: Family) -> None:
    found = child(family, "prints.py", "3")
    found.start()

    for deaths in (1, 2, 3):
        news = dead(found).revive()
        assert news
        assert "exit code 3" in news
        assert found.deaths == deaths
        eventually(found.revive, "the child to be started again")


@pytest.mark.usefixtures("quick")
def test_a_steady_life_makes_earlier_deaths_forgotten(
    family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_STEADY", 0.0)
    found = child(family, "prints.py", "3")
    found.deaths = 5
    found.start()

    dead(found).revive()

    assert found.deaths == 1


def test_a_dead_child_is_not_started_before_its_wait_is_over(family: Family) -> None:
    found = child(family, "prints.py", "3")
    found.deaths = 20
    found.start()
    dead(found).revive()

    assert found.revive() is None
    assert found.exit_code == 3


@pytest.mark.usefixtures("quick")
def test_a_child_that_cannot_be_started_again_is_tried_again(family: Family) -> None:
    found = child(family, "prints.py", "3")
    found.start()
    dead(found).revive()
    found.argv, whole = [str(family.folder / "gone")], found.argv

    news = eventually(found.revive, "the attempt")

    assert news
    assert "cannot be started" in news
    assert sys.platform == "win32" or "gone" in news, "Windows does not say what it has not found"
    assert found.deaths == 2
    found.argv = whole
    assert eventually(found.revive, "the next attempt") == "the worker is started again"


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


def test_a_log_that_has_grown_large_is_set_aside_at_a_start(
    family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOG_SIZE", 10)
    found = child(family, "prints.py", "0", b"a long line\n".hex())

    for _ in range(3):
        found.start()
        dead(found)

    assert found.log.read_text() == "a long line\n"
    assert found.log.with_name("worker.old.log").read_text() == "a long line\n"
    assert len(list(found.log.parent.iterdir())) == 2


def test_a_log_that_is_still_small_is_continued(family: Family) -> None:
    found = child(family, "prints.py", "0", b"a line\n".hex())

    for _ in range(2):
        found.start()
        dead(found)

    assert found.log.read_text() == "a line\na line\n"


def test_a_large_log_that_cannot_be_set_aside_is_continued(
    family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOG_SIZE", 10)
    found = child(family, "prints.py", "0", b"a long line\n".hex())
    found.start()
    dead(found)
    found.log.with_name("worker.old.log").mkdir()

    found.start()

    dead(found)
    assert found.log.read_text() == "a long line\n" * 2
