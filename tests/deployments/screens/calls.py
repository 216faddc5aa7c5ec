"""Calls of real commands in a terminal, on a made-up rhythm and at a made-up time: a program, and its setup.

`python -m tests.deployments.screens.calls` calls all of them, each below its command line.
"""

from __future__ import annotations

import os
import shlex
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from deployments.cli.main import main
from flows import clock
from tasks.outcome import Outcome
from tasks.settings import rhythm_toml as config
from tasks.step_output.output_file import OutputFile
from tasks.step_output.places import Attempt, folder
from tasks.store.measurements import GroupEvent, StepUsage
from tasks.store.store import store_of

NOW = datetime(2026, 3, 4, 12, 7, 30, tzinfo=UTC)
LONG = "quarterly_report_of_the_southern_department"
TOML = f"""
timezone = "UTC"
scripts_dir = "scripts"

[groups.health_check]
every = "10m"
steps = ["check_health --fast", {{ run = "report.py", name = "점검 보고서 작성" }}]

[groups.{LONG}]
every = "7d"
after = ["health_check"]
steps = ["report.py --all", "check_health"]

[groups.daily_routine]
at = "03:00"
after = ["{LONG}"]
steps = [{{ run = "report.py", name = "send the letters 🎉 to everybody who has asked for them" }}]

[groups.backup]
every = "2h"
lane = "long"
steps = [{{ run = "missing/script/of/somebody.py", optional = true }}]
"""
WRONG = """
timezone = "Europe/Berln"

[groups.health_check]
evry = "10m"
steps = [
  "check_health",
  { run = "report.py", timout = "5m" },
]
"""
CRONTAB = """\
MAILTO=somebody@example.com
*/10 * * * * /opt/scripts/check_everything_that_somebody_has_ever_thought_of.sh --verbose
0 3 * * 1-5 /opt/scripts/점검보고서.sh
30 4 1 * * /opt/scripts/monthly.py > /var/log/monthly.log 2>&1
"""
REASON = (
    "exit code 3: the disk of the southern department is full, and nobody is there who could do anything "
    "about it before Monday"
)
CALLS = (
    "rhythm plan --from 2026-03-08T23:55 --hours 3.2",
    "rhythm status",
    "rhythm explain daily_routine",
    "rhythm history",
    "rhythm history 'health_check/점검 보고서 작성'",
    "rhythm logs health_check",
    "rhythm check",
    "rhythm step",
    "rhythm step check_health --fest",
    "rhythm adopt crontab --dry-run -o new.toml",
    "RHYTHM_CONFIG=wrong.toml rhythm check",
)


def prepare(place: Path) -> None:
    """Make the rhythm, and what it remembers, in a folder."""
    (place / "rhythm.toml").write_text(TOML, encoding="utf-8")
    (place / "wrong.toml").write_text(WRONG, encoding="utf-8")
    (place / "crontab").write_text(CRONTAB, encoding="utf-8")
    (place / "scripts").mkdir()
    (place / "scripts" / "report.py").write_text("print('fine')\n", encoding="utf-8")
    settings = config.load(place / "rhythm.toml")
    runs = [
        ("health_check", timedelta(hours=15), Outcome.COMPLETED, 0.4),
        (LONG, timedelta(hours=2), Outcome.COMPLETED, 7325.0),
        ("health_check", timedelta(minutes=17), Outcome.COMPLETED, 0.6),
        ("health_check", timedelta(minutes=7), Outcome.FAILED, 2.5),
    ]
    decided, spent = [], []
    for group, ago, outcome, seconds in runs:
        at = NOW - ago
        decided.append(GroupEvent(at, group, "run", f"due since {at:%H:%M}", outcome, seconds, str(at)))
        for step in settings.groups[group].steps:
            fails = outcome is Outcome.FAILED and step.is_script
            how = Outcome.FAILED if fails else Outcome.COMPLETED
            spent.append(StepUsage(at, group, step.name, 1, how, seconds / 2, seconds / 4, 48 * 2**20))
            attempt = Attempt(at, group, step.name, "1" * 8)
            path = folder(settings.outputs_dir, group, step.name) / attempt.stem
            file = OutputFile(path, 10_000, partial(_same, at))
            file.write([f"working on {step.name}", "한국어 출력과 함께 " * 8], "out")
            file.write([f"{how} after {seconds / 2:.1f} s" + (f": {REASON}" if fails else "")], "INFO")
            file.finish()
    with store_of(settings) as store:
        store.add_decisions(decided)
        store.add_steps(spent)


def _same(at: datetime) -> datetime:
    return at


def call_all() -> None:
    """Call the commands one after the other."""
    clock.now = lambda: NOW
    for call in CALLS:
        print(f"$ {call}", flush=True)
        *variables, words = call.partition("rhythm ")[::2]
        os.environ["RHYTHM_CONFIG"] = "wrong.toml" if variables[0] else "rhythm.toml"
        code = main(shlex.split(words))
        print(f"[{code}]\n", flush=True)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    call_all()
