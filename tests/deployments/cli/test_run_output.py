"""What a run's output is followed by: the progress bar below it."""

from __future__ import annotations

import io
from datetime import timedelta
from functools import partial

import pytest
from rich.console import Console

from deployments.cli import run_output
from deployments.cli.progress import ProgressDisplay
from deployments.cli.run_output import RunOutput
from flows import clock
from tasks.builtin.analysis.expected import Expected
from tasks.settings.rhythm_toml import Settings
from tasks.step_output.output_file import OutputFile
from tasks.step_output.places import Attempt, folder
from tests.conftest import MakeSettings

RUN = "1" * 8
TOML = """
[groups.backup]
every = "1h"
steps = [{ run = "check_health", name = "pack" }, { run = "check_health", name = "send" }]
"""


def print_something(settings: Settings, step: str, minute: int) -> None:
    """Let a step of the run print a line, that many minutes ago."""
    at = clock.now() - timedelta(minutes=minute)
    attempt = Attempt(at, "backup", step, RUN)
    path = folder(settings.outputs_dir, "backup", step) / attempt.stem
    file = OutputFile(path, 10_000, partial(lambda time: time, at))
    file.write([f"working on {step}"], "out")
    file.finish()


def test_the_bar_shows_the_step_that_began_last_and_since_when(
    make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, time = make_settings(TOML), [0.0]
    screen = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)

    def display(needs: object, before: str) -> ProgressDisplay:
        usual = {("backup", step): Expected(40.0, 60.0) for step in ("pack", "send")}
        return ProgressDisplay(usual, before, now=lambda: time[0], screen=screen)

    def shown() -> str:
        looked_at = Console(width=100)
        with looked_at.capture() as captured:
            looked_at.print(output._bar)
        return captured.get().strip()

    monkeypatch.setattr(run_output, "ProgressDisplay", display)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    output = RunOutput("backup", settings, quiet=False)
    with output.progress():
        assert shown().startswith("backup: starting")
        print_something(settings, "pack", 2)
        output.show_new(RUN)
        time[0] = 10
        output.show_new(RUN)
        assert shown().endswith("1 min 10 s left")
        print_something(settings, "send", 1)
        output.show_new(RUN)
        time[0] = 15
        output.show_new(RUN)

        assert shown().startswith("backup / send")
        assert shown().endswith("35 s left")


def test_without_a_terminal_there_is_no_bar(make_settings: MakeSettings) -> None:
    output = RunOutput("backup", make_settings(TOML), quiet=False)

    with output.progress():
        assert output._bar is None
