"""Measures what 42 .ps1 scripts of one line cost as steps, beside a loop of `pwsh -File`."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import monotonic

from tasks.builtin.contract import Context
from tasks.outcome import Outcome
from tasks.process import script
from tasks.settings.rhythm_toml import Settings
from tasks.settings.steps import StepSettings
from tasks.step import run_step

_SCRIPTS, _ROUNDS = 42, 5
_TEXT = '"done at $(Get-Date -Format o)"\n'

#: Seconds: wall, and CPU of all processes.
Cost = tuple[float, float]


def run(repeats: int, quick: bool) -> None:
    """Measure and print; the rounds of both take turns, and the median of their differences counts."""
    program = shutil.which("pwsh") or shutil.which("powershell")
    if program is None:
        print("there is no PowerShell on PATH")
        return
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home
        scripts = Path(name)
        for number in range(_SCRIPTS):
            (scripts / f"script{number}.ps1").write_text(_TEXT, encoding="utf-8")
        _cost(lambda: _bare(program, scripts))  # fills caches
        rounds = [
            (_cost(lambda: _bare(program, scripts)), _cost(lambda: _steps(scripts)))
            for _ in range(1 if quick else max(repeats, _ROUNDS))
        ]
    for what, index, aim in (("wall", 0, 2), ("CPU", 1, 5)):
        bare = median(bare[index] for bare, _ in rounds)
        more = median(steps[index] - bare[index] for bare, steps in rounds)
        print(f"{what}: bare {bare:.2f} s, as steps {100 * more / bare:+.1f} % (aim: at most +{aim} %)")


def _bare(program: str, scripts: Path) -> None:
    for path in sorted(scripts.glob("*.ps1")):
        argv = [program, "-NoLogo", "-NoProfile", "-NonInteractive", "-File", str(path)]
        subprocess.run(argv, check=True, capture_output=True, stdin=subprocess.DEVNULL)  # noqa: S603


def _steps(scripts: Path) -> None:
    steps = [StepSettings.model_validate({"run": [path.name]}) for path in sorted(scripts.glob("*.ps1"))]
    groups = {"health_check": {"every": "10m", "steps": steps}}
    outputs = scripts / "outputs"
    settings = Settings.model_validate({"scripts_dir": scripts, "outputs_dir": outputs, "groups": groups})
    context = Context(settings, logging.getLogger("rhythm.bench"), lambda: datetime.now(UTC))

    async def all_steps() -> None:
        for step in steps:
            result = await run_step(step, context)
            assert result.outcome is Outcome.COMPLETED, result.message

    asyncio.run(all_steps())
    script.end_idle()  # what scripts have cost counts for us once all above them has ended


def _cost(work: Callable[[], None]) -> Cost:
    began, cpu = monotonic(), _cpu()
    work()
    return monotonic() - began, _cpu() - cpu


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
