"""What a step costs: its whole process tree, every attempt, and nothing that harms it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.builtin.contract import Context
from tasks.outcome import Outcome
from tasks.settings.steps import StepSettings
from tasks.step import run_step
from tasks.store.measurements import StepUsage
from tests.conftest import MakeSettings

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)

# Its child takes 150 MB and burns half a second of CPU; both wait until they have been looked at.
HEAVY = """
import subprocess, sys, time
child = '''
import time
held = bytearray(150_000_000)
while time.process_time() < 0.5:
    pass
time.sleep(0.3)
'''
subprocess.run([sys.executable, "-c", child], check=True)
"""


class Costs:
    """Runs steps and keeps what they cost."""

    def __init__(self, make_settings: MakeSettings, folder: Path) -> None:
        self.scripts = folder / "scripts"
        self.scripts.mkdir()
        self.spent: list[StepUsage] = []
        settings = make_settings('[groups.a]\nevery = "10m"\nsteps = ["check_health"]\n')
        log = logging.getLogger("step")
        self.context = Context(settings, log, now=lambda: NOON, group="a", spent=self.spent.append)

    async def of(self, text: str, **options: object) -> StepUsage:
        (self.scripts / "script.py").write_text(text)
        step = StepSettings.model_validate({"run": "script.py", **options})
        await run_step(step, self.context, attempt=2)
        return self.spent.pop()


@pytest.fixture
def costs(make_settings: MakeSettings, tmp_path: Path) -> Costs:
    return Costs(make_settings, tmp_path)


@pytest.mark.real_windows("of every process it reports the CPU time of the one that asks")
async def test_a_scripts_descendants_count(costs: Costs) -> None:
    usage = await costs.of(HEAVY)

    assert (usage.at, usage.group, usage.step, usage.attempt) == (NOON, "a", "script", 2)
    assert usage.outcome is Outcome.COMPLETED
    assert usage.seconds > 0.8
    assert usage.cpu_seconds is not None
    assert 0.5 <= usage.cpu_seconds < usage.seconds + 1
    assert usage.peak_memory is not None
    assert 150_000_000 < usage.peak_memory < 400_000_000


@pytest.mark.real_windows("of every process it reports the CPU time of the one that asks")
async def test_a_script_that_is_ended_has_cost_something_too(costs: Costs) -> None:
    usage = await costs.of("while True: pass", timeout="1s")

    assert usage.outcome is Outcome.TIMED_OUT
    assert usage.cpu_seconds is not None
    assert usage.cpu_seconds > 0.2


async def test_every_ending_is_reported(costs: Costs) -> None:
    assert (await costs.of("import sys; sys.exit(3)")).outcome is Outcome.FAILED
    usage = await costs.of("", run="gone.py")
    assert (usage.outcome, usage.cpu_seconds, usage.peak_memory) == (Outcome.SKIPPED, None, None)


@pytest.mark.real_windows("of every process it reports the CPU time of the one that asks")
async def test_what_one_step_cost_is_not_counted_for_the_next(costs: Costs) -> None:
    await costs.of(HEAVY)
    usage = await costs.of("")

    assert usage.cpu_seconds is not None
    assert usage.cpu_seconds < 0.5
    assert (usage.peak_memory or 0) < 100_000_000


async def test_a_built_in_costs_what_its_process_does(costs: Costs) -> None:
    await run_step(StepSettings.model_validate("check_health --fast"), costs.context)

    (usage,) = costs.spent
    assert (usage.step, usage.attempt, usage.outcome) == ("check_health", 1, Outcome.COMPLETED)
    assert usage.cpu_seconds is not None
    assert usage.cpu_seconds > 0
    assert usage.peak_memory is not None
    assert usage.peak_memory > 10_000_000
