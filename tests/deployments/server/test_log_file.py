"""Logs that are continued, and start anew once they have grown large."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from deployments.server import log_file
from tests.permissions import open_to_others
from tests.umask import umask
from tests.waiting import eventually


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "rhythm.log"


def write(log: Path, text: str) -> None:
    with log_file.opened(log) as file:
        file.write(text.encode())


def test_one_that_is_still_small_is_continued(log: Path) -> None:
    write(log, "one\n")
    write(log, "two\n")

    assert log.read_text() == "one\ntwo\n"


def test_one_that_has_grown_large_is_set_aside(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "_SIZE", 3)
    for text in ("first\n", "second\n", "third\n"):
        write(log, text)

    assert log.read_text() == "third\n"
    assert log.with_name("rhythm.old.log").read_text() == "second\n"
    assert len(list(log.parent.iterdir())) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows' files have access lists, not modes")
def test_it_is_private_also_when_it_is_set_aside(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "_SIZE", 3)
    with umask(0o000):
        for text in ("first\n", "second\n"):
            write(log, text)

    assert len(list(log.parent.iterdir())) == 2
    assert open_to_others(log.parent) == {}


def test_a_large_one_that_cannot_be_set_aside_is_continued(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "_SIZE", 3)
    log.with_name("rhythm.old.log").mkdir(parents=True)
    for text in ("first\n", "second\n"):
        write(log, text)

    assert log.read_text() == "first\nsecond\n"


def test_one_that_programs_write_to_is_set_aside_and_goes_on(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "_SIZE", 3)
    with log_file.opened(log) as one, log_file.opened(log) as other:
        for number in range(3):
            for file in (one, other):
                file.write(f"{number}\n".encode())
                file.flush()
            assert log_file.rotate(log)
            assert not log_file.rotate(log)
        other.write(b"more\n")

    assert log.read_text() == "more\n"
    assert log.with_name("rhythm.old.log").read_text() == "2\n2\n"


def test_it_is_looked_at_for_as_long_as_it_is_written(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "_SIZE", 3)
    monkeypatch.setattr(log_file, "_LOOK", 0.01)
    over = threading.Event()
    thread = threading.Thread(target=log_file.keep_short, args=(log, over))
    thread.start()
    try:
        eventually(lambda: thread.is_alive(), "it to look")
        write(log, "grown\n")
        eventually(lambda: log.stat().st_size == 0, "the log to start anew")
    finally:
        over.set()
        thread.join()
