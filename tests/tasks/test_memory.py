"""A step whose memory is limited: what it may use, and what is reported when it uses more."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from tasks.builtin.contract import Context
from tasks.outcome import Outcome, StepResult
from tasks.settings.steps import StepSettings
from tasks.step import run_step
from tests.conftest import MakeSettings

# Two children, each with 100 MB of its own.
TWO = """
import subprocess, sys
child = "held = bytearray(100_000_000); held[::4096] = bytes(len(held[::4096])); input()"
children = [subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE) for _ in range(2)]
sys.exit(max(child.wait(100) for child in children))
"""
ONE = "held = bytearray(400_000_000)\nprint(len(held))"
# Five processes that hold the same 100 MB, until each has been looked at.
SHARED = """
import os, time
held = bytearray(100_000_000)
held[::4096] = bytes(len(held[::4096]))
for _ in range(4):
    if os.fork() == 0:
        break
time.sleep(2)
"""


class Limited:
    """Runs a script with a limit of memory."""

    def __init__(self, make_settings: MakeSettings, folder: Path) -> None:
        self.scripts = folder / "scripts"
        self.scripts.mkdir()
        settings = make_settings('[groups.a]\nevery = "10m"\nsteps = ["check_health"]\n')
        self.context = Context(settings, logging.getLogger("step"), now=lambda: datetime.now(UTC), group="a")

    async def run(self, text: str, memory: str) -> StepResult:
        (self.scripts / "script.py").write_text(text)
        step = StepSettings.model_validate({"run": "script.py", "memory": memory, "timeout": "100s"})
        return await run_step(step, self.context)


@pytest.fixture
def limited(make_settings: MakeSettings, tmp_path: Path) -> Limited:
    return Limited(make_settings, tmp_path)


@pytest.mark.real_windows("its job objects do not limit memory")
async def test_a_script_that_uses_more_together_with_its_children_is_ended(limited: Limited) -> None:
    ended = await limited.run(TWO, "160MiB")

    assert ended.outcome is Outcome.FAILED
    if sys.platform != "win32":  # there, none is given it
        assert ended.message.startswith("ended: it used more than its `memory` of 160MiB")
        assert ended.exit_code is None
    assert "`memory`" in ended.message


@pytest.mark.real_windows("its job objects do not limit memory")
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS is not asked to limit memory: the use is watched")
async def test_one_process_is_given_no_more_and_its_failure_names_the_limit(limited: Limited) -> None:
    ended = await limited.run(ONE, "160MiB")

    assert (ended.outcome, ended.exit_code) == (Outcome.FAILED, 1)
    assert ended.message.startswith("exit code 1 with `memory` limited to 160MiB: ")
    assert ended.message.endswith("MemoryError")


async def test_what_stays_below_its_limit_is_left_alone(limited: Limited) -> None:
    ended = await limited.run(ONE, "1GiB")

    assert (ended.outcome, ended.message) == (Outcome.COMPLETED, "400000000")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux divides what processes share")
async def test_what_processes_share_counts_once(limited: Limited) -> None:
    ended = await limited.run(SHARED, "250MiB")

    assert ended.outcome is Outcome.COMPLETED, ended.message


def test_a_built_in_step_has_no_memory_of_its_own_to_limit() -> None:
    with pytest.raises(ValidationError, match="has `memory`, which limits scripts, and 'check_health'"):
        StepSettings.model_validate({"run": "check_health", "memory": "1GiB"})
