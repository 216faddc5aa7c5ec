"""The instance lock: taken by one process at a time, free when it dies, and a note of who has it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from deployments.server import instance_lock
from tasks.problem import ConfigError
from tasks.process.process_tree import Identity
from tests.family import Family
from tests.waiting import eventually

URL = "http://127.0.0.1:1/api"


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    return tmp_path / "outputs"


@pytest.fixture
def other(family: Family, outputs: Path) -> subprocess.Popen[bytes]:
    """Another process that has the lock."""
    process = family.start("takes_instance_lock.py", str(outputs))
    eventually(lambda: family.said("held"), "the lock to be taken")
    return process


def test_it_is_taken_by_one_at_a_time(outputs: Path, other: subprocess.Popen[bytes]) -> None:
    with instance_lock.acquired(outputs) as ours:
        assert not ours

    assert other.poll() is None


def test_others_find_who_has_it(outputs: Path, other: subprocess.Popen[bytes]) -> None:
    found = instance_lock.running(outputs)

    assert found
    assert (found.url, found.pid) == (URL, other.pid)


def test_it_is_free_when_its_holder_has_ended(
    family: Family, outputs: Path, other: subprocess.Popen[bytes]
) -> None:
    family.tell("end")
    assert other.wait() == 0

    with instance_lock.acquired(outputs) as ours:
        assert ours
    assert instance_lock.running(outputs) is None
    assert not (outputs / "up.json").exists()


def test_it_is_free_when_its_holder_was_killed(outputs: Path, other: subprocess.Popen[bytes]) -> None:
    other.kill()
    other.wait()

    assert instance_lock.running(outputs) is None
    with instance_lock.acquired(outputs) as ours:
        assert ours


def test_while_we_have_it_nobody_else_does(family: Family, outputs: Path) -> None:
    with instance_lock.acquired(outputs) as ours:
        assert ours
        assert family.start("takes_instance_lock.py", str(outputs)).wait() == 7


def test_it_is_given_back_when_the_block_fails(outputs: Path) -> None:
    with pytest.raises(RuntimeError), instance_lock.acquired(outputs):
        raise RuntimeError

    with instance_lock.acquired(outputs) as ours:
        assert ours


def test_the_note_names_this_process_and_goes_with_the_block(outputs: Path) -> None:
    with instance_lock.announced(outputs, URL):
        assert instance_lock.running(outputs) == instance_lock.Instance(url=URL, process=Identity.mine())

    assert instance_lock.running(outputs) is None


def test_the_note_of_a_killed_host_is_replaced(outputs: Path, other: subprocess.Popen[bytes]) -> None:
    other.kill()
    other.wait()

    with instance_lock.announced(outputs, URL):
        found = instance_lock.running(outputs)

    assert found
    assert found.pid == os.getpid()


def test_a_later_process_with_the_pid_of_the_host_is_not_the_host(outputs: Path) -> None:
    me = Identity.mine()
    _write(outputs, json.dumps({"url": URL, "process": {"pid": me.pid, "created": me.created - 1}}))

    assert instance_lock.running(outputs) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[1, 2]",
        "\0\0\0",
        '{"url": "x"}',
        '{"url": 1, "process": {"pid": "x", "created": null}}',
        '{"url": "x", "process": {"pid": -1, "created": 0}}',
        '{"url": "x", "process": {"pid": 99999999999999999999, "created": 0}}',
        '{"url": "x", "pid": 1, "created": 1.0}',
    ],
)
def test_a_broken_note_names_nobody(outputs: Path, text: str) -> None:
    _write(outputs, text)

    assert instance_lock.running(outputs) is None


def test_a_broken_note_is_replaced(outputs: Path) -> None:
    _write(outputs, "{")

    with instance_lock.announced(outputs, URL):
        assert instance_lock.running(outputs)


def _write(outputs: Path, text: str) -> None:
    outputs.mkdir()
    (outputs / "up.json").write_text(text, encoding="utf-8")


def test_a_home_that_cannot_be_written_to_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(ConfigError, match=r"cannot be written to.*PREFECT_HOME"),
        instance_lock.server_acquired(tmp_path / "file" / "home"),
    ):
        pass


def test_one_process_at_a_time_serves_prefects_home_for_all_its_rhythms(tmp_path: Path) -> None:
    home = tmp_path / "prefect"
    assert instance_lock.server_running(home) is None

    with (
        instance_lock.server_acquired(home) as ours,
        instance_lock.server_acquired(home) as another,
        instance_lock.server_announced(home, URL),
    ):
        assert (ours, another) == (True, False)
        found = instance_lock.server_running(home)
        assert found
        assert (found.url, found.pid) == (URL, os.getpid())
        # Those of a rhythm are others, also where both are in one folder.
        with instance_lock.acquired(home) as beside:
            assert beside
        assert instance_lock.running(home) is None

    assert instance_lock.server_running(home) is None
