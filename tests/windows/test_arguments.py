"""Arguments arrive as they were written, whatever the script is, and whatever is in them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tasks.interpreters import command
from tasks.process import script
from tasks.process.script import ScriptEnd
from tasks.redaction.redactor import Redactor
from tasks.settings.rhythm_toml import Settings
from tasks.settings.steps import StepSettings
from tests.waiting import LIMIT

HARD = [
    "plain",
    "two words",
    "",
    "tab\there",
    "a&b",
    "a|b<c>d",
    "^caret^^",
    "(x)",
    "wow!",
    "100%",
    "%PATH%",
    "%%",
    "$x $env:PATH",
    "'single'",
    "`tick`",
    "semi;colon,comma=equals",
    "back\\slash\\",
    "C:\\dir with blank\\",
    "한글 인수",
    "ünïcödé ✓",
    "--flag=a b",
]
QUOTED = ['a "quote" here', '"', 'end\\"', '\\\\"x\\\\']
ECHO = "import json, sys; print('ARGS' + json.dumps(sys.argv[1:]))"


class Scripts:
    """A scripts folder, and what a script in it prints."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []

    def run(self, name: str, *args: str, **options: Any) -> ScriptEnd:
        step = StepSettings.model_validate({"run": [name, *args], **options})
        groups = {"a": {"every": "5m", "steps": ["check_health"]}}
        settings = Settings.model_validate({"groups": groups, "scripts_dir": self.folder})
        path = command.locate(step, settings)
        return asyncio.run(
            script.run(
                command.command(step, path, settings),
                name=step.name,
                cwd=self.folder,
                env=command.environment(step, path),
                timeout=2 * LIMIT,
                outputs_dir=self.folder / "outputs",
                on_lines=lambda lines, error: self.lines.extend(lines),
                redact=Redactor(),
            )
        )

    def said(self, name: str, *args: str) -> list[str]:
        """The arguments that a script says it was given."""
        ended = self.run(name, *args)
        assert ended.exit_code == 0, self.lines
        (line,) = [line for line in self.lines if line.startswith("ARGS")]
        found: list[str] = json.loads(line.removeprefix("ARGS"))
        return found


@pytest.fixture
def scripts(tmp_path: Path) -> Scripts:
    return Scripts(tmp_path)


@pytest.mark.parametrize("folder", ["plain", "with blank", "한글 폴더", "a&b (c)", "per%cent"])
def test_a_python_script_gets_its_arguments(scripts: Scripts, folder: str) -> None:
    path = scripts.folder / folder / "echo.py"
    path.parent.mkdir()
    path.write_text(ECHO, encoding="utf-8")

    assert scripts.said(f"{folder}/echo.py", *HARD, *QUOTED) == [*HARD, *QUOTED]


def test_a_program_gets_its_arguments(scripts: Scripts) -> None:
    groups = {"a": {"every": "5m", "steps": ["check_health"]}}
    settings = Settings.model_validate(
        {"groups": groups, "allow": [sys.executable], "scripts_dir": scripts.folder}
    )
    step = StepSettings.model_validate({"run": [sys.executable, "-c", ECHO, *HARD, *QUOTED]})
    argv = command.command(step, command.locate(step, settings), settings)

    done = subprocess.run(argv, capture_output=True, env={**os.environ, "PYTHONUTF8": "1"}, check=True)  # noqa: S603

    assert json.loads(done.stdout.decode().strip().removeprefix("ARGS")) == [*HARD, *QUOTED]


# A batch file hands on what it got: `%*` is filled in before the line is taken apart, so within the
# batch file each word is as well protected as it is here.
HANDS_ON = '@"{python}" -c "import json, sys; print(\'ARGS\' + json.dumps(sys.argv[1:]))" %*\r\n'


@pytest.mark.parametrize("folder", ["plain", "with blank", "a&b (c)"])
@pytest.mark.parametrize("ending", [".bat", ".cmd"])
def test_a_batch_file_gets_its_arguments(scripts: Scripts, folder: str, ending: str) -> None:
    path = scripts.folder / folder / f"echo{ending}"
    path.parent.mkdir()
    path.write_bytes(HANDS_ON.format(python=sys.executable).encode("ascii"))
    # What is given on by %* is read by cmd once more, and by the C runtime, which takes \\" for a quote.
    given = [word for word in HARD if not word.endswith("\\") and "%" not in word]

    assert scripts.said(f"{folder}/echo{ending}", *given) == given


@pytest.mark.real_windows("its cmd fills in no pieces of variables on its command line")
def test_percent_signs_name_nothing_for_a_batch_file(scripts: Scripts) -> None:
    (scripts.folder / "echo.bat").write_bytes(b"@echo ARGS[%~1][%~2]\r\n")

    scripts.run("echo.bat", "100%", "%PATH%")

    assert scripts.lines == ["ARGS[100%][%PATH%]"]


@pytest.mark.parametrize("word", ['a "quote"', "two\nlines"])
def test_what_a_batch_file_cannot_be_given_is_refused_before_it_starts(scripts: Scripts, word: str) -> None:
    (scripts.folder / "echo.bat").write_bytes(b"@echo started\r\n")

    with pytest.raises(command.ScriptRefusedError, match="a batch file cannot be given"):
        scripts.run("echo.bat", word)


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (3, 3), (-1, -1), (0xC0000005 - 2**32, -1073741819)])
def test_exit_codes_have_their_sign(scripts: Scripts, code: int, expected: int) -> None:
    (scripts.folder / "ends.py").write_text(f"import os; os._exit({code})", encoding="utf-8")

    assert scripts.run("ends.py").exit_code == expected


def test_a_batch_files_exit_code_is_its_own(scripts: Scripts) -> None:
    (scripts.folder / "ends.bat").write_bytes(b"@exit /b 7\r\n")

    assert scripts.run("ends.bat").exit_code == 7


@pytest.mark.real_windows("its script host is a stub")
def test_the_script_host_runs_vbs(scripts: Scripts) -> None:
    (scripts.folder / "says.vbs").write_text(
        'WScript.Echo "ARGS" & WScript.Arguments(0)\r\nWScript.Quit 4\r\n'
    )

    assert scripts.run("says.vbs", "two words").exit_code == 4
    assert scripts.lines == ["ARGStwo words"]


# PowerShell: for real only where there is one

POWERSHELL = """param([int]$Days, [switch]$Fast)
Write-Host "ARGS$Days $Fast $($args.Count) $($args[0])"
Write-Warning 'careful'
Write-Verbose 'more' -Verbose
"""


@pytest.mark.real_windows("its powershell.exe does nothing, and says so with exit code 0")
def test_powershell_gets_named_and_other_arguments(scripts: Scripts) -> None:
    (scripts.folder / "says.ps1").write_text(POWERSHELL, encoding="utf-8-sig")

    ended = scripts.run("says.ps1", "-Days", "7", "-Fast", "한글 $x & y")

    assert ended.exit_code == 0
    assert "ARGS7 True 1 한글 $x & y" in scripts.lines
    assert {"WARNING: careful", "VERBOSE: more"} <= set(scripts.lines)


@pytest.mark.real_windows("its powershell.exe does nothing, and says so with exit code 0")
@pytest.mark.parametrize(
    ("code", "expected"),
    [("exit 3", 3), ("throw 'no'", 1), ("cmd /c exit 5", 5), ("'well'", 0), ("1/0; 'on'", 0)],
)
def test_powershells_ends_become_exit_codes(scripts: Scripts, code: str, expected: int) -> None:
    (scripts.folder / "ends.ps1").write_text(code, encoding="utf-8-sig")

    assert scripts.run("ends.ps1").exit_code == expected
