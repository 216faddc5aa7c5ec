"""A job as a step of rhythm.toml."""

from __future__ import annotations

from typing import Any

import pytest

from deployments.adopt.job import Job
from deployments.adopt.judging.step_table import outside, scripts_folder, step, unique, words
from tasks.settings.steps import StepSettings


def job(script: str | None = r"C:\agi\scripts\x.py", **more: Any) -> Job:
    return Job("x", "X", "python", script, **more)


SCRIPTS = r"C:\agi\scripts"


def made(each: Job, **more: Any) -> Any:
    options = {"python": None, "missing": False} | more
    return step(each, words(each, SCRIPTS), SCRIPTS, options.pop("taken", ()), **options)


@pytest.mark.parametrize(
    ("each", "expected"),
    [
        (job(), "x.py"),
        (job(args=("--fast",)), "x.py --fast"),
        (job(args=("a b", r"C:\z")), ["x.py", "a b", r"C:\z"]),
        (job(r"C:\AGI\Scripts\sub\y.ps1"), "sub/y.ps1"),
        (job(r"D:\other\y.py"), "D:/other/y.py"),
        (job(r"C:\agi\scripts\tool"), "./tool"),
        (job(time_limit_minutes=30.0), {"run": "x.py", "timeout": "30m"}),
        (job(time_limit_minutes=10.0), "x.py"),
        (job(time_limit_minutes=4320.0), "x.py"),
        (job(retries=3, retry_minutes=1.0), {"run": "x.py", "retries": 3, "retry_delay": 60}),
        (job(env={"A": "b"}), {"run": "x.py", "env": {"A": "b"}}),
        (job(cwd=r"C:\agi"), {"run": "x.py", "cwd": "C:/agi"}),
        (job(cwd=r"c:\AGI\scripts" + "\\"), "x.py"),
        (job(python=r"C:\py\python.exe"), {"run": "x.py", "python": "C:/py/python.exe"}),
        (job(r"C:\agi\scripts\x.ps1", python=r"C:\py\python.exe"), "x.ps1"),
        (
            job(r"C:\agi\scripts\x.vbs", through=(r"C:\Windows\System32\wscript.exe", "//B")),
            {"run": "C:/Windows/System32/wscript.exe //B x.vbs", "name": "x"},
        ),
    ],
)
def test_a_job_becomes_the_step_that_says_all_of_it(each: Job, expected: Any) -> None:
    assert made(each) == expected
    assert StepSettings.model_validate(made(each)).run == tuple(words(each, SCRIPTS))


def test_a_script_that_is_not_there_is_optional() -> None:
    assert made(job(), missing=True) == {"run": "x.py", "optional": True}


def test_the_interpreter_that_all_have_is_not_said_again() -> None:
    assert made(job(python=r"C:\py\python.exe"), python=r"C:\py\python.exe") == "x.py"


def test_a_second_step_of_a_script_has_a_name_of_its_own() -> None:
    assert made(job(args=("-b",)), taken={"x"}) == {"run": "x.py -b", "name": "x_2"}
    assert unique("x", {"x", "x_2"}) == "x_3"


@pytest.mark.parametrize(
    ("scripts", "folder"),
    [
        ([r"C:\agi\scripts\a.py", r"C:\agi\scripts\b.py", r"D:\x\c.py"], r"C:\agi\scripts"),
        ([r"C:\w\agi\a\a.py", r"C:\w\agi\b\b.py", r"C:\w\agi\c\c.py"], r"C:\w\agi"),
        ([r"C:\a\x.py", r"C:\b\y.py"], r"C:\a"),
        (["/srv/agi/scripts/a.py", "/srv/agi/scripts/sub/b.py"], "/srv/agi/scripts"),
        (["a.py"], None),
        ([], None),
    ],
)
def test_the_folder_of_most_scripts_is_the_wall(scripts: list[str], folder: str | None) -> None:
    assert scripts_folder([job(script) for script in scripts]) == folder


def test_what_lies_outside_must_be_allowed() -> None:
    assert outside(words(job(r"D:\x\y.py"), SCRIPTS)) == ["D:/x/y.py"]
    assert outside(words(job(), SCRIPTS)) == []
    assert outside(words(job(through=(r"C:\node\node.exe",)), SCRIPTS)) == ["C:/node/node.exe"]
