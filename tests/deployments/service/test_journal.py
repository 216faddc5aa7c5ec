"""Levels before the lines that go to systemd's journal, and before no others."""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TextIO

import pytest

from deployments.cli import console
from deployments.daemon.supervisor import Supervisor
from deployments.service import journal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="systemd is Linux' own")


class Journal:
    """A socket, as systemd gives one to a service, and a stream into it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._ours, theirs = socket.socketpair()
        self.stream: TextIO = os.fdopen(theirs.detach(), "w", encoding="utf-8")
        found = os.fstat(self.stream.fileno())
        patch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")

    def lines(self) -> list[str]:
        """All that it was sent since it was last asked."""
        self.stream.flush()
        return self._ours.recv(10_000).decode().splitlines()

    def close(self) -> None:
        self.stream.close()
        self._ours.close()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    with closing(Journal(monkeypatch)) as opened:
        yield opened


def test_what_commands_print_has_its_level(opened: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", opened.stream)
    monkeypatch.setattr(sys, "stderr", opened.stream)

    console.say("one\ntwo")
    console.warning("three")
    console.error("four")

    assert opened.lines() == ["<6>one", "<6>two", "<4>warning: three", "<3>error: four"]


def test_what_goes_elsewhere_has_none(
    opened: Journal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    console.say("one")
    with (tmp_path / "log").open("w") as log:
        console.error("two", to=log)

    assert capsys.readouterr().out == "one\n"
    assert (tmp_path / "log").read_text() == "error: two\n"
    assert not journal.is_journal(log)  # it is closed


def test_what_is_logged_has_the_level_of_its_record(opened: Journal, tmp_path: Path) -> None:
    handler = logging.StreamHandler(opened.stream)
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    logger = logging.getLogger("tests.journal")
    unopened = logging.FileHandler(tmp_path / "log", delay=True)
    logger.addHandler(unopened)
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        journal.mark_logs()
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
            logger.log(level, "so")
    finally:
        logger.removeHandler(handler)
        logger.removeHandler(unopened)

    assert opened.lines() == [f"<{level}>tests.journal: so" for level in (7, 6, 4, 3, 3)]


def test_below_the_journal_the_daemon_writes_to_it_itself(
    opened: Journal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stdout", opened.stream)
    code = "import os; print(os.fstat(1).st_ino, flush=True)"
    before = os.dup(1)
    os.dup2(opened.stream.fileno(), 1)
    try:
        assert Supervisor([sys.executable, "-c", code], tmp_path).run() == 0
    finally:
        os.dup2(before, 1)
        os.close(before)

    assert opened.lines() == [os.environ["JOURNAL_STREAM"].split(":")[1]]
