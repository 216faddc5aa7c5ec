"""`rhythm logs STEP|GROUP`: which runs' files it reads, and what it prints of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deployments.cli import console, step_logs
from deployments.cli.step_logs import Choice
from tasks.problem import CommandError, ConfigError
from tasks.settings.rhythm_toml import Settings
from tasks.step_output.output_file import OutputFile
from tasks.step_output.places import Attempt, folder

AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
FIRST, SECOND = "11111111-0000-0000-0000-000000000000", "22222222-0000-0000-0000-000000000000"


class Output:
    """What steps have printed, and what `rhythm logs` prints of it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.settings = Settings.model_validate(
            {
                "timezone": "UTC",
                "outputs_dir": folder,
                "groups": {
                    "a": {"every": "10m", "steps": ["copy.py", "check.ps1"]},
                    "b": {"every": "10m", "steps": ["copy.py", "check_health --fast"]},
                },
            }
        )

    def file(self, group: str, step: str, run: str = FIRST, minute: int = 0) -> OutputFile:
        at = AT + timedelta(minutes=minute)
        attempt = Attempt(at, group, step, run)
        return OutputFile(folder(self.settings.outputs_dir, group, step) / attempt.stem, 10_000, lambda: at)

    def wrote(self, group: str, step: str, lines: Sequence[str], run: str = FIRST, minute: int = 0) -> None:
        file = self.file(group, step, run, minute)
        file.write(lines, "out")
        file.finish()

    def shown(self, name: str, follow: bool = False, **choice: Any) -> list[str]:
        step_logs.show(name, self.settings, Choice(**choice), follow=follow, json=False)
        return self.capsys.readouterr().out.splitlines()

    def json(self, name: str) -> list[dict[str, Any]]:
        step_logs.show(name, self.settings, Choice(), follow=False, json=True)
        found: list[dict[str, Any]] = json.loads(self.capsys.readouterr().out)["logs"]
        return found


@pytest.fixture
def output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Output:
    found = Output(tmp_path, capsys)
    found.wrote("a", "copy", ["one", "two"])
    found.wrote("a", "check", ["WARNING: three"], minute=1)
    found.wrote("b", "copy", ["four"], minute=2)
    found.wrote("a", "copy", ["five"], SECOND, minute=10)
    return found


def texts(lines: Sequence[str]) -> list[str]:
    return [line.split(": ", 1)[1] for line in lines]


def test_each_line_has_time_level_and_step(output: Output) -> None:
    assert output.shown("a") == [
        "2026-11-29 12:00:00 INFO    a/copy: one",
        "2026-11-29 12:00:00 INFO    a/copy: two",
        "2026-11-29 12:01:00 WARNING a/check: WARNING: three",
        "2026-11-29 12:10:00 INFO    a/copy: five",
    ]


def test_a_name_may_be_that_of_a_step_in_several_groups(output: Output) -> None:
    assert texts(output.shown("copy")) == ["one", "two", "four", "five"]
    assert texts(output.shown("b/copy")) == ["four"]


def test_the_last_lines_may_be_asked_for(output: Output) -> None:
    assert texts(output.shown("copy", count=3)) == ["two", "four", "five"]
    assert texts(output.shown("copy", count=100)) == ["one", "two", "four", "five"]
    assert output.shown("copy", count=0) == []


def test_the_last_runs_may_be_asked_for(output: Output) -> None:
    assert texts(output.shown("a", last=1)) == ["five"]
    assert texts(output.shown("a", last=2)) == ["one", "two", "WARNING: three", "five"]
    assert texts(output.shown("a", last=2, count=2)) == ["WARNING: three", "five"]


@pytest.mark.parametrize("run", [FIRST, "1111"])
def test_one_run_may_be_asked_for_by_its_id(output: Output, run: str) -> None:
    assert texts(output.shown("a", run=run)) == ["one", "two", "WARNING: three"]


def test_a_run_that_is_not_there_is_an_error(output: Output) -> None:
    with pytest.raises(CommandError, match="no run of a with the id 3333"):
        output.shown("a", run="3333")


def test_that_nobody_reads_on_is_no_fault_of_a_file(output: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(console, "show_json", closed)
    with pytest.raises(BrokenPipeError):
        output.json("a")


def test_an_unknown_name_is_answered_with_the_closest_one(output: Output) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'copy'"):
        output.shown("cpoy")


def test_json_has_the_run_and_the_step(output: Output) -> None:
    assert output.json("check") == [
        {
            "at": "2026-11-29T12:01:00+00:00",
            "level": "WARNING",
            "group": "a",
            "step": "check",
            "message": "WARNING: three",
            "flow_run_id": FIRST,
        }
    ]


def test_whole_records_of_errors_stay_in_the_file(output: Output) -> None:
    file = output.file("b", "check_health")
    file.write(["at line 3"], "detail")
    file.write(["failed after 0.1 s: exit code 3"], "ERROR")
    file.finish()

    assert texts(output.shown("check_health")) == ["failed after 0.1 s: exit code 3"]


def test_of_a_step_that_never_ran_it_says_so(output: Output) -> None:
    assert output.shown("check_health") == [
        "no run of check_health has left output here. Runs on other machines: `rhythm logs`"
    ]


def test_new_lines_and_runs_are_followed_also_when_a_file_is_compressed(
    output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = output.file("a", "copy", "33333333", minute=20)
    running.write(["six"], "out")

    def half_a_line() -> None:
        path = folder(output.settings.outputs_dir, "a", "copy")
        (plain,) = path.glob("*_33333333_1.log")
        with plain.open("ab") as file:
            file.write(b"2026-11-29T12:20:00.000+00:00 out sev")

    def interrupt() -> None:
        raise KeyboardInterrupt

    happens: Iterator[Callable[[], object]] = iter(
        [
            half_a_line,
            lambda: running.write(["en", "eight"], "out"),
            running.finish,
            lambda: output.wrote("a", "check", ["nine"], "44444444", minute=30),
            interrupt,
        ]
    )
    monkeypatch.setattr(step_logs, "sleep", lambda seconds: next(happens)())

    with pytest.raises(KeyboardInterrupt):
        output.shown("a", follow=True, count=1)

    said = texts(output.capsys.readouterr().out.splitlines())
    assert said[0] == "six"
    assert said[-2:] == ["eight", "nine"]
    assert len(said) == 4
