"""What only some need is not in everybody's way: without it, the rest works and says what is missing."""

from __future__ import annotations

import os
import shutil
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tasks import extras
from tests.deployments.command_line import CommandLine

# A sitecustomize: these are not installed.
WITHOUT = "import sys\nsys.modules |= dict.fromkeys({modules!r})\n"
STEPS = '[groups.daily]\nat = "03:00"\nsteps = ["generate_visual_dashboard", "one.ps1 -Days 7"]\n'


@pytest.fixture
def rhythm(tmp_path: Path) -> CommandLine:
    """One that has none of them."""
    text = WITHOUT.format(modules=tuple(extras._EXTRAS))
    (tmp_path / "sitecustomize.py").write_text(text, encoding="utf-8")
    return CommandLine(tmp_path)


def test_each_module_is_of_a_distribution_that_the_extra_has(pytestconfig: pytest.Config) -> None:
    project = tomllib.loads((pytestconfig.rootpath / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {
        (Requirement(one).name.lower(), extra)
        for extra in ("adopt", "dashboard", "holidays", "postgresql")
        for one in project["optional-dependencies"][extra]
    }
    installed = packages_distributions()

    known = {(installed[module][0].lower(), extra) for module, extra in extras._EXTRAS.items()}

    assert known == declared


def test_check_says_what_will_be_skipped_and_what_is_not_looked_at(rhythm: CommandLine, pwsh: Path) -> None:
    rhythm.write(STEPS)
    (rhythm.folder / "scripts").mkdir()
    (rhythm.folder / "scripts" / "one.ps1").write_text("param([int]$Other)", encoding="utf-8")

    said = rhythm("check", "--json", PYTHONPATH=python_path(rhythm), PATH=str(pwsh))

    assert said.code == 0, said.err
    warnings = [(warning["problem"], warning["remedy"]) for warning in said.json["warnings"]]
    assert warnings == [
        (
            "will be skipped: altair, vl_convert not installed",
            f'Install it: {sys.executable} -m pip install "rhythm[dashboard]".',
        ),
        (
            "the arguments of .ps1 steps are not checked: PowerShell's grammar is not installed",
            f'Install it: {sys.executable} -m pip install "rhythm[adopt]".',
        ),
    ]


def test_a_step_that_needs_one_is_skipped(rhythm: CommandLine) -> None:
    rhythm.write(STEPS)

    said = rhythm("step", "--json", "generate_visual_dashboard", PYTHONPATH=python_path(rhythm))

    assert (said.code, said.json["outcome"]) == (1, "skipped")
    assert said.json["message"].endswith('-m pip install "rhythm[dashboard]".')


def test_adopt_says_that_it_needs_one(rhythm: CommandLine) -> None:
    said = rhythm("adopt", "--this-machine", PYTHONPATH=python_path(rhythm))

    assert (said.code, said.out) == (2, "")
    assert '-m pip install "rhythm[adopt]".' in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("python", "on_path", "has_pip", "command"),
    [
        ("env/bin/python", "env/bin/python", True, "python -m pip install"),
        ("env/bin/python3", "env/bin/python", True, "python -m pip install"),
        ("my env/bin/python", "other/bin/python", True, '"my env/bin/python" -m pip install'),
        ("env/bin/python", None, True, "env/bin/python -m pip install"),
        ("env/bin/python", "env/bin/python", False, "uv pip install --python env/bin/python"),
    ],
)
def test_what_is_missing_is_installed_where_rhythm_is(
    monkeypatch: pytest.MonkeyPatch, python: str, on_path: str | None, has_pip: bool, command: str
) -> None:
    monkeypatch.setattr(sys, "executable", str(Path(python)))
    monkeypatch.setattr(shutil, "which", lambda name: on_path)
    monkeypatch.setattr(extras, "find_spec", lambda name: object() if has_pip else None)

    assert extras.installer() == command.replace("/", os.sep)


def python_path(rhythm: CommandLine) -> str:
    root = str(Path(extras.__file__).parents[1])
    return ";".join([str(rhythm.folder), root]) if sys.platform == "win32" else f"{rhythm.folder}:{root}"
