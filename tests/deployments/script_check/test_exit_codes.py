"""Programs whose exit codes mean more than success and failure, found where they set the code of a step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deployments.script_check.exit_codes import fault
from tasks.settings.steps import StepSettings


def hint(folder: Path, name: str, text: str = "", **keys: Any) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    found = fault(StepSettings.model_validate({"run": [f"./{name}"], **keys}), folder / name)
    return f"{found.text}. {found.remedy}" if found else ""


@pytest.mark.parametrize(
    ("name", "program"),
    [("robocopy.exe", "robocopy"), ("MSIEXEC.EXE", "msiexec"), ("rsync", "rsync"), ("diff", "diff")],
)
def test_a_step_that_is_such_a_program(tmp_path: Path, name: str, program: str) -> None:
    assert hint(tmp_path, name).startswith(f"{program} ends with ")


def test_the_hint_says_what_the_codes_mean_and_what_to_write(tmp_path: Path) -> None:
    assert hint(tmp_path, "sync.cmd", "robocopy a b /MIR") == (
        "the script ends with robocopy, which ends with 1 to 7 when all is well, and the step would fail "
        "then. If that is no failure, write ok_codes = [0, 1, 2, 3, 4, 5, 6, 7]."
    )


@pytest.mark.parametrize(
    ("name", "text", "program"),
    [
        ("a.bat", "@echo off\r\nrobocopy C:\\a D:\\b /MIR\r\nexit /b %ERRORLEVEL%\r\n", "robocopy"),
        ("a.cmd", '@"C:\\Windows\\System32\\Robocopy.exe" a b\nREM done\n', "robocopy"),
        ("a.bat", "start /wait msiexec /i x.msi /qn\n", "msiexec"),
        ("a.bat", 'call start "" /wait msiexec /i x.msi\n:: end\n', "msiexec"),
        ("a.ps1", "& robocopy $a $b /E\nexit $LASTEXITCODE\n", "robocopy"),
        ("a.ps1", "try {\n  robocopy.exe $a $b\n}\n", "robocopy"),
        ("a.sh", "#!/bin/sh\nset -e\nsudo rsync -a /x /y\n", "rsync"),
        ("a.sh", "cd /x && LC_ALL=C exec rsync -a . /y", "rsync"),
        ("a.sh", "dmesg | grep -i error\n", "grep"),
        ("a.sh", "diff -r a b\nexit $?\n", "diff"),
        ("a.sh", "for x in *; do\n  zgrep x $x\ndone\n", "grep"),
    ],
)
def test_a_script_that_ends_with_one(tmp_path: Path, name: str, text: str, program: str) -> None:
    assert f"{program}, which ends with" in hint(tmp_path, name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.bat", "robocopy a b\nif %ERRORLEVEL% GEQ 8 exit /b 1\nexit /b 0\n"),
        ("a.sh", "rsync -a /x /y || true\n"),
        ("a.sh", "grep -q x y && echo yes\n"),
        ("a.sh", "# grep x\necho 'a | grep'\n"),
        ("a.sh", "echo grep\n"),
        ("a.sh", "digrep x\n"),
        ("a.sh", ""),
        ("a.py", "robocopy"),
    ],
)
def test_a_script_that_ends_otherwise_has_no_hint(tmp_path: Path, name: str, text: str) -> None:
    assert hint(tmp_path, name, text) == ""


def test_a_step_that_says_what_codes_mean_has_no_hint_unless_0_is_missing(tmp_path: Path) -> None:
    assert hint(tmp_path, "a.bat", "robocopy a b", ok_codes=[0, 1]) == ""
    assert hint(tmp_path, "a.bat", "robocopy a b", warn_codes=[1]) == ""
    assert hint(tmp_path, "a.bat", "robocopy a b", ok_codes=[1], skip_codes=[0]) == ""
    assert hint(tmp_path, "a.bat", "robocopy a b", ok_codes=[1]).startswith("exit code 0 counts as a failure")


def test_a_script_that_cannot_be_read_has_no_hint(tmp_path: Path) -> None:
    assert fault(StepSettings.model_validate("gone.sh"), tmp_path / "gone.sh") is None
