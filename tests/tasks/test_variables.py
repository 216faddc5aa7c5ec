"""The variables that a step has: of three levels, of files, and of the environment that it is run in."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.settings.rhythm_toml import Settings
from tasks.settings.steps import StepSettings
from tasks.variables import VariableError, variables
from tests.conftest import MakeSettings
from tests.tasks.test_step import Steps
from tests.tasks.test_step import steps as steps

BASE = {"PATH": "/usr/bin", "HOME": "/home/a", "EMPTY": ""}


@pytest.fixture
def toml(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))


def of(settings: Settings, base: dict[str, str] = BASE) -> dict[str, str]:
    return variables(settings.groups["a"].steps[0], "a", settings, base)


def with_value(value: str) -> dict[str, str]:
    step = StepSettings.model_validate({"run": "a.py", "env": {"A": value}})
    settings = Settings.model_validate({"timezone": "UTC", "groups": {"a": {"every": "1h", "steps": [step]}}})
    return of(settings)


def test_the_inner_level_wins_and_sees_what_is_outside_of_it(make_settings: MakeSettings) -> None:
    settings = make_settings(
        """
        env = { PATH = "${PATH}:/top", TOP = "top", A = "top" }
        [groups.a]
        every = "1h"
        env = { PATH = "${PATH}:/group", A = "group ${A}", GROUP = "${TOP}/x" }
        steps = [{ run = "a.py", env = { PATH = "${PATH}:/step", A = "step, ${A}" } }]
        """
    )

    assert of(settings) == {
        "PATH": "/usr/bin:/top:/group:/step",
        "TOP": "top",
        "A": "step, group top",
        "GROUP": "top/x",
    }


def test_files_come_before_the_env_of_their_level_and_are_beside_rhythm_toml(
    make_settings: MakeSettings, tmp_path: Path
) -> None:
    text = "export A=\"a b\"  # why\n\n# none\nB='c'\nC=${A}/${HOME}\nONLY\n"
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "step.env").write_bytes("\ufeffB=ü\r\nA=file\r\n".encode())
    settings = make_settings(
        """
        env_file = ".env"
        [groups.a]
        every = "1h"
        steps = [{ run = "a.py", env_file = "sub/step.env", env = { A = "table ${A}" } }]
        """
    )

    assert of(settings) == {"A": "table file", "B": "ü", "C": "a b//home/a"}


@pytest.mark.parametrize(
    ("value", "expanded"),
    [
        ("${HOME}/x", "/home/a/x"),
        ("$HOME %HOME% $(x) $$", "$HOME %HOME% $(x) $$"),
        ("$${HOME} and $$${HOME}", "${HOME} and $${HOME}"),
        ("${EMPTY}${EMPTY:-b}${NOPE:-c d}${HOME:-e}${NOPE:-}", "bc d/home/a"),
        ("${HOME", "${HOME"),
    ],
)
def test_a_reference_has_braces_and_two_dollars_are_for_the_text_itself(value: str, expanded: str) -> None:
    assert with_value(value) == {"A": expanded}


@given(st.text(st.characters(exclude_characters="$", exclude_categories=["Cs"])))
def test_what_has_no_reference_stays_as_it_is(value: str) -> None:
    assert with_value(value) == {"A": value}


def test_an_unknown_variable_is_an_error_with_file_line_and_key(
    make_settings: MakeSettings, tmp_path: Path, toml: None
) -> None:
    settings = make_settings('[groups.a]\nevery = "1h"\n\nenv = { LOG = "${NOPE}/log" }\nsteps = ["a.py"]\n')

    with pytest.raises(VariableError) as caught:
        of(settings)

    assert str(caught.value).startswith(
        f"{tmp_path / 'rhythm.toml'}, line 4: groups.a.env.LOG: there is no variable for ${{NOPE}}. Set it"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"A=1\nB=${NOPE}\n", ".env, line 2: B: there is no variable for ${NOPE}"),
        (b"A=1\n\n'x\n", ".env, line 3: is not NAME=value. Correct the line."),
        (b"A=\xff\n", "rhythm.toml:3: groups.a.env_file: "),
        (None, ".env cannot be read (No such file or directory). Correct the path"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_with_its_place(
    make_settings: MakeSettings, tmp_path: Path, toml: None, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / ".env").write_bytes(content)
    settings = make_settings('[groups.a]\nevery = "1h"\nenv_file = ".env"\nsteps = ["a.py"]\n')

    with pytest.raises(VariableError) as caught:
        of(settings)

    assert message in str(caught.value)


# With scripts


async def test_a_script_has_them_and_an_unknown_one_fails_its_step_alone(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELD_BY_THE_WORKER", "held")
    steps.settings["env"] = {"OF_ALL": "${HELD_BY_THE_WORKER} for all"}

    result = await steps.script("shows.py", "OF_ALL")
    failed = await steps.script("shows.py", "OF_ALL", env={"X": "${NOPE}"})

    assert result.message == "OF_ALL=held for all"
    assert failed.reason.startswith("cannot be started: ")
    assert "env.X: there is no variable for ${NOPE}" in failed.reason


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        *((name, True) for name in ("DB_PASSWORD", "PGPASSWORD", "ChatToken", "API_KEY", "AWS_SECRET_X")),
        *((name, True) for name in ("SMTP_PASS", "api_key", "MY_CREDENTIALS", "HTTP_AUTH", "PASSPHRASE")),
        *((name, False) for name in ("KEYBOARD", "MONKEY", "PATH", "AUTHOR", "BYPASS", "COMPASS", "LANG")),
    ],
)
async def test_values_of_secret_names_are_masked_wherever_they_are_written(
    steps: Steps, name: str, is_secret: bool, tmp_path: Path
) -> None:
    (tmp_path / "x.env").write_text(f"{name}=sesame of steps\n")
    steps.settings["env_file"] = tmp_path / "x.env"

    result = await steps.script("shows.py", name)

    assert result.message == (f"{name}=***" if is_secret else f"{name}=sesame of steps")
    assert ("sesame" not in steps.heard.text) is is_secret
    assert steps.kept("shows")[-1].level == logging.INFO


async def test_a_short_value_of_a_secret_name_blots_out_no_log(steps: Steps) -> None:
    result = await steps.script("shows.py", "AUTH", env={"AUTH": "off"})

    assert result.message == "AUTH=off"
