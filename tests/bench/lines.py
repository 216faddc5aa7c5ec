"""What a line that a script prints costs: `python -m tests.bench lines`.

The same script runs as a step, with its output on its way to file and log, and bare, with its output going
straight into a file. CPU is that of this process and of the script together.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from tasks.builtin.contract import Context
from tasks.process import script
from tasks.settings.rhythm_toml import Settings
from tasks.step import run_step
from tests.bench.progress import heading

_LINES, _QUICK = 1_000_000, 100_000
_KINDS = {
    "plain lines": "line {n} of some text, as scripts print",
    "lines in colours": "\\x1b[32mline {n}\\x1b[0m of some text, as scripts print",
}


def run(repeats: int, quick: bool) -> None:
    """Measure and print."""
    count = _QUICK if quick else _LINES
    print(heading())
    print("\n| a line printed | into a file, µs of CPU | as a step, µs of CPU |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="rhythm-bench-") as name:
        folder = Path(name)
        for kind, line in _KINDS.items():
            script = folder / "prints.py"
            script.write_text(
                "import sys\nif len(sys.argv) > 1:\n    for n in range(int(sys.argv[1])):\n"
                f'        print(f"{line}")\n'
            )
            bare = [_a_line(partial(_bare, script), count) for _ in range(repeats)]
            step = [_a_line(partial(_step, script), count) for _ in range(repeats)]
            print(f"| {kind} | {median(bare):.2f} | {median(step):.2f} |", flush=True)


def _a_line(run: Callable[[int], None], count: int) -> float:
    """Return the microseconds of CPU that one line takes, given what prints so many."""
    return 1e6 * (_cpu(partial(run, count)) - _cpu(partial(run, 0))) / count


def _cpu(work: Callable[[], None]) -> float:
    def spent() -> float:
        both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(usage.ru_utime + usage.ru_stime for usage in both)

    before = spent()
    work()
    return spent() - before


def _bare(script: Path, count: int) -> None:
    with (script.parent / "bare.log").open("wb") as log:
        subprocess.run([sys.executable, script, str(count)], stdout=log, check=True)  # noqa: S603 - our own


def _step(prints: Path, count: int) -> None:
    settings = Settings.model_validate(
        {
            "timezone": "UTC",
            "scripts_dir": prints.parent,
            "outputs_dir": prints.parent / "outputs",
            "groups": {"lines": {"every": "1h", "steps": [{"run": [prints.name, str(count)]}]}},
        }
    )
    log = logging.getLogger("rhythm.bench.lines")
    context = Context(settings, log, lambda: datetime.now(UTC), group="lines")
    asyncio.run(run_step(settings.groups["lines"].steps[0], context))
    script.end_idle()  # what the script has cost counts for us once all above it has ended
