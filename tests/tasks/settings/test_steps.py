"""One step as rhythm.toml writes it: a string, a list, or a table."""

from __future__ import annotations

import shlex
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks import builtin
from tasks.problem import ConfigError
from tasks.settings.steps import StepSettings
from tests.conftest import MakeSettings


def step(value: Any) -> StepSettings:
    return StepSettings.model_validate(value)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("check_health --fast", ("check_health", "--fast")),
        ("backup.ps1 -Target D:", ("backup.ps1", "-Target", "D:")),
        ("""a.py "two words" 'and "three" more' x\\ y""", ("a.py", "two words", 'and "three" more', "x y")),
        ("a.py ''", ("a.py", "")),
        ("a.py $HOME *.txt ; rm | cat > x", ("a.py", "$HOME", "*.txt", ";", "rm", "|", "cat", ">", "x")),
        ("a.py # no comment", ("a.py", "#", "no", "comment")),
        ("하나.py 둘", ("하나.py", "둘")),
    ],
)
def test_a_string_is_split_as_a_posix_shell_would_and_nothing_else_is_done_to_it(
    written: str, words: tuple[str, ...]
) -> None:
    assert step(written).run == words
    assert step({"run": written}).run == words


@settings(deadline=None, max_examples=100)
@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=5))
def test_a_list_is_taken_as_it_is_and_a_string_can_say_the_same(words: list[str]) -> None:
    run = ["a.py", *words]

    assert step(run).run == tuple(run)
    assert step(shlex.join(run)).run == tuple(run)


def test_a_table_may_have_options() -> None:
    made = step(
        {
            "run": "reports/weekly.ps1 -Days 7",
            "name": "weekly report",
            "timeout": "5m",
            "retries": 2,
            "retry_delay": ["10s", 60],
            "optional": True,
            "env": {"LANG": "ko_KR"},
            "cwd": "reports",
            "python": "python3.12",
        }
    )

    assert made.run == ("reports/weekly.ps1", "-Days", "7")
    assert (made.name, made.timeout, made.retries) == ("weekly report", timedelta(minutes=5), 2)
    assert (made.retry_delay, made.optional, made.env) == ((10.0, 60.0), True, {"LANG": "ko_KR"})
    assert (made.cwd, made.python) == (Path("reports"), "python3.12")


def test_without_options_a_step_has_ten_minutes_and_one_try() -> None:
    made = step("a.py")

    assert (made.timeout, made.retries, made.retry_delay) == (timedelta(minutes=10), 0, (10.0,))
    assert (made.optional, made.env, made.cwd, made.python) == (False, {}, None, None)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("check_health --fast", "check_health"),
        ("backup.py", "backup"),
        ("reports/weekly.ps1 -Days 7", "weekly"),
        ("'reports\\weekly.ps1'", "weekly"),
        (["C:\\scripts\\a b.bat"], "a b"),
        ("./backup", "backup"),
        ({"run": "backup.py", "name": ""}, "backup"),
        ({"run": ["backup.py"], "name": "mine"}, "mine"),
    ],
)
def test_a_step_is_named_after_its_script_unless_it_has_a_name(written: Any, name: str) -> None:
    assert step(written).name == name


@pytest.mark.parametrize(
    ("written", "is_script"),
    [
        *[(name, False) for name in builtin.NAMES],
        ("a.py", True),
        ("a.exe", True),
        ("./backup", True),
        ("'sub\\backup'", True),
        ("sub/check_health", True),
    ],
)
def test_what_has_an_ending_or_is_a_path_is_a_script_and_else_a_built_in(
    written: str, is_script: bool
) -> None:
    assert step(written).is_script is is_script


@pytest.mark.parametrize("delay", [0, 86400, 1.5, "30s", [1, "2m"]])
def test_a_delay_is_seconds_or_a_duration_or_a_list_of_them(delay: Any) -> None:
    assert all(seconds >= 0 for seconds in step({"run": "a.py", "retry_delay": delay}).retry_delay)


@pytest.mark.parametrize(
    ("written", "key", "said"),
    [
        (
            "'check_helth --fast'",
            "",
            "names no built-in step: 'check_helth'. Did you mean 'check_health'? The built-in steps ",
        ),
        ("{run='a.py', memory='15MiB'}", ".memory", "is out of range. Write '16MiB' or more."),
        ("{run='check_health', memory='1GiB'}", "", "`memory`, which limits scripts"),
        ("'backup'", "", "A script needs its suffix (backup.py) or a path (./backup)."),
        (
            "'a.py \"b'",
            ".run",
            "cannot be split into words (no closing quotation). Close the quotes, or write",
        ),
        ("''", ".run", "is empty. Write at least 1 entry."),
        ("[]", ".run", "is empty. Write at least 1 entry."),
        ("['', 'x']", ".run", "names nothing to run. Name a built-in step or a script."),
        ('["a.py", "\\u0000"]', ".run", "contains a NUL character. Take it out."),
        ("3", "", "3 is not a step. Write a string, a list of words, or a table with `run`."),
        ("{}", ".run", "is missing. Add it."),
        ("{ name = 'x' }", ".run", "is missing. Add it."),
        ("['a.py', 3]", ".run.1", "3 is not text. Write it in quotes."),
        (
            "{ run = 'a.py', tries = 2 }",
            ".tries",
            "unknown key. Did you mean 'retries'? Otherwise take it out.",
        ),
        (
            "{ run = 'a.py', timeout = '-1s' }",
            ".timeout",
            "'-1s' is not a duration. Write a number and a unit",
        ),
        ("{ run = 'a.py', retries = -1 }", ".retries", "-1 is too small. Write 0 or more."),
        ("{ run = 'a.py', retries = 21 }", ".retries", "21 is too large. Write 20 or less."),
        (
            "{ run = 'a.py', retry_delay = -1 }",
            ".retry_delay",
            "-1 is out of range. Write a number and a unit",
        ),
        (
            "{ run = 'a.py', retry_delay = nan }",
            ".retry_delay",
            "nan is out of range. Write a number and a unit",
        ),
        (
            "{ run = 'a.py', retry_delay = true }",
            ".retry_delay",
            "true is not a duration. Write a number and a unit",
        ),
        (
            "{ run = 'a.py', retry_delay = 'soon' }",
            ".retry_delay",
            "'soon' is not a duration. Write a number",
        ),
        ("{ run = 'a.py', retry_delay = [] }", ".retry_delay", "is empty. Write at least 1 entry."),
        ("{ run = 'a.py', env = { A = 1 } }", ".env.A", "1 is not text. Write it in quotes."),
        ("{ run = 'a.py', env = 'A=1' }", ".env", "'A=1' is not a table. Write it as a table"),
        ("{ run = 'a.py', optional = 'perhaps' }", ".optional", "'perhaps' is neither true nor false. Write"),
        pytest.param(
            "{ run = 'a.py', cwd = '~nobody_of_this_name' }",
            ".cwd",
            "begins with a user whose home is unknown.",
            marks=pytest.mark.skipif(
                sys.platform == "win32",
                reason="Windows guesses where the homes of unknown users are",
            ),
        ),
    ],
)
def test_what_is_wrong_with_a_step_is_reported_with_its_place_and_a_remedy(
    written: str, key: str, said: str, make_settings: MakeSettings
) -> None:
    with pytest.raises(ConfigError) as caught:
        make_settings(f"[groups.a]\nevery = '5m'\nsteps = [{written}]")

    (line,) = str(caught.value).splitlines()
    assert f"rhythm.toml:3: groups.a.steps.0{key}: " in line
    assert said in line


def test_an_unknown_built_in_lists_all_there_are() -> None:
    with pytest.raises(ValidationError) as caught:
        step("check_helth")

    remedy = caught.value.errors()[0]["ctx"]["remedy"]
    assert all(name in remedy for name in builtin.NAMES)


def test_every_built_in_that_is_named_is_there(pytestconfig: pytest.Config) -> None:
    folder = pytestconfig.rootpath / "tasks" / "builtin"
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "contract"}

    assert set(builtin.NAMES) == modules
