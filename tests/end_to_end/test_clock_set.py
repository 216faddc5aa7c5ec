"""A clock that is really set back under a running `rhythm up`: the next beat comes.

clock.c gives each program the time of day that a test names; what counts seconds is left alone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.end_to_end.workspace import Workspace
from tests.waiting import LIMIT, eventually

#: More than any look or start takes, and less than what the clock is set by.
_SOON = timedelta(minutes=15)


class Clock:
    """The time of day for all that is started in a workspace."""

    def __init__(self, folder: Path, compiler: str) -> None:
        self._file, library = folder / "clock", folder / "clock.so"
        self._file.write_bytes(bytes(8))
        self.ahead = timedelta()
        source = Path(__file__).with_name("clock.c")
        words = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
        subprocess.run(words, check=True, timeout=LIMIT)  # noqa: S603 - this machine's compiler
        self.variables = {"LD_PRELOAD": str(library), "CLOCK_FILE": str(self._file)}

    def set(self, hours: int) -> None:
        """Let it be so many hours ahead of this machine's."""
        self.ahead = timedelta(hours=hours)
        with self._file.open("r+b") as file:  # which is seen at once: the file is mapped
            file.write((hours * 3600).to_bytes(8, sys.byteorder, signed=True))

    def now(self) -> datetime:
        return datetime.now().astimezone() + self.ahead


@pytest.fixture
def clock(workspace: Workspace) -> Clock:
    compiler = shutil.which("cc") if sys.platform == "linux" else None
    if compiler is None:
        assert sys.platform != "linux" or "CI" not in os.environ, "no C compiler"
        pytest.skip("no C compiler for Linux here")
    clock = Clock(workspace.root, compiler)
    workspace.more.update(clock.variables)
    return clock


def test_after_a_clock_is_set_back_beats_go_on_by_the_new_time_and_up_says_why(
    workspace: Workspace, clock: Clock
) -> None:
    workspace.toml('[groups.hourly]\nevery = "1h"\nsteps = ["work.py hourly"]\n')
    with workspace.up() as up:
        eventually(lambda: workspace.is_served() and workspace.runs("rhythm", "COMPLETED"), "the first beat")
        assert workspace.ended("hourly") == 1

        clock.set(-2)
        eventually(lambda: "the clock was set back" in up.said, "up to say so")
        eventually(lambda: workspace.is_served() and _beat_now(workspace, clock), "a beat by the new time")
        eventually(lambda: _next_is_soon(workspace, clock), "the next one to be scheduled by it")
        assert workspace.ended("hourly") == 2
        assert _come(workspace)


def _come(workspace: Workspace) -> bool:
    return bool(json.loads(workspace.rhythm("status", "--json").stdout)["beats"]["come"])


def _beat_now(workspace: Workspace, clock: Clock) -> bool:
    """Whether a beat has begun lately, by the clock."""
    began = [_time(run["start_time"]) for run in workspace.runs("rhythm", "COMPLETED")]
    return any(abs(clock.now() - each) < _SOON for each in began)


def _next_is_soon(workspace: Workspace, clock: Clock) -> bool:
    """Whether a beat is scheduled for the next minutes, by the clock."""
    planned = [_time(run["expected_start_time"]) for run in workspace.runs("rhythm", "SCHEDULED")]
    return any(timedelta() < each - clock.now() < _SOON for each in planned)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
