"""What the interpreters themselves find in scripts, none of which is run."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from deployments.script_check import powershell_parser, python_syntax, shell_syntax
from deployments.script_check.program import ProgramError, run
from deployments.script_check.questions import ask
from tests.deployments.script_check.binder import Binder

#: Would be seen, were a script run.
MARK = "ran.txt"


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


# Python


def python_fault(folder: Path, text: str | bytes) -> tuple[int, str] | None:
    path = write(folder, "x.py", text)
    fault = python_syntax.faults([sys.executable], [path], os.environ).get(path)
    return (fault.line, fault.text) if fault else None


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("x = 1\ndef f(:\n", 2, "invalid syntax"),
        ("if True:\nx = 1\n", 2, "expected an indented block"),
        ("x = 1\n\nreturn 2\n", 3, "'return' outside function"),
        (b"x = '\xff'\n", 1, "'utf-8' codec can't decode"),
        ("x = 1\0\n", 1, "null bytes"),
    ],
)
def test_a_python_script_that_cannot_be_compiled(
    text: str | bytes, line: int, problem: str, tmp_path: Path
) -> None:
    found = python_fault(tmp_path, text)

    assert found is not None
    assert problem in found[1]
    assert found[0] in (line, 1 if "codec" in problem else line)


@pytest.mark.parametrize(
    "text",
    [
        f"open({MARK!r}, 'w')\nraise SystemExit(3)\n",
        "\ufeffx = 1\n",
        b"# coding: cp949\nx = '\xb0\xa1'\n",
        "x = '\\d' is 1\n",  # warnings of the compiler are no errors
        "import nothing_of_that_name\nx = await_ = 1\n",
        "",
    ],
)
def test_a_python_script_that_can_be_compiled_is_not_run(text: str | bytes, tmp_path: Path) -> None:
    assert python_fault(tmp_path, text) is None
    assert [path.name for path in tmp_path.rglob("*")] == ["x.py"]


def test_a_module_beside_a_script_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "json.py", "raise SystemExit(9)")
    write(tmp_path, "sitecustomize.py", "raise SystemExit(9)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    assert python_fault(tmp_path, "x = (\n") == (1, "syntax error: '(' was never closed")


# Shells

bash = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


def shell_fault(folder: Path, text: str, shell: str = "bash") -> tuple[int, str] | None:
    program = shutil.which(shell)
    assert program is not None
    fault = shell_syntax.fault([program], write(folder, "x.sh", text), os.environ)
    return (fault.line, fault.text) if fault else None


@bash
@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("echo a\nif true; then\n  echo b\n", 4, "syntax error: unexpected end of file"),
        ("echo a\nfi\n", 2, "syntax error: near unexpected token `fi'"),
        ("echo 'never\n", 1, "syntax error: unexpected EOF while looking for matching `''"),
    ],
)
def test_a_shell_script_that_cannot_be_read(text: str, line: int, problem: str, tmp_path: Path) -> None:
    found = shell_fault(tmp_path, text)

    assert found is not None
    assert found[1].startswith(problem)
    assert found[0] == line or "end of file" in problem  # which newer versions place where the `if` stands


@bash
def test_a_shell_script_that_can_be_read_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / MARK
    monkeypatch.setenv("BASH_ENV", str(write(tmp_path, "env.sh", "if then fi")))

    assert shell_fault(tmp_path, f"echo > '{mark}'\nexit 3\n") is None
    assert not mark.exists()


@bash
def test_extended_patterns_that_a_script_switches_on_are_no_error(tmp_path: Path) -> None:
    assert shell_fault(tmp_path, "shopt -s extglob\nls !(a|b)\n") is None
    assert shell_fault(tmp_path, "ls !(a|b)\n") is not None


@pytest.mark.skipif(
    sys.platform == "win32" or not Path("/bin/dash").exists(), reason="there is no dash, or not as a program"
)
def test_another_shell_names_the_line_as_well(tmp_path: Path) -> None:
    assert shell_fault(tmp_path, "echo a\nfi\n", "dash") == (2, 'syntax error: "fi" unexpected')


# PowerShell


def test_powershell_names_the_line_of_a_syntax_error(binder: Binder) -> None:
    ((fault,),) = binder.faults(["'a'\nif ($x -eq) { }"])

    assert (fault.line, fault.fatal) == (2, True)
    assert fault.text == "syntax error: You must provide a value expression following the '-eq' operator"


def test_of_many_errors_the_first_are_reported(binder: Binder) -> None:
    ((*faults,),) = binder.faults(["\n".join("if (" for _ in range(20))])

    assert 1 <= len(faults) <= 3


def test_no_script_is_run(binder: Binder, tmp_path: Path) -> None:
    mark = tmp_path / MARK

    assert binder.faults([f"param($A = (Set-Content '{mark}' x))\nSet-Content '{mark}' x"]) == [()]
    assert not mark.exists()


@pytest.mark.parametrize(
    ("requires", "problem"),
    [
        ("-Version 99.1", "needs PowerShell 99.1, which this one is not"),
        ("-PSEdition Desktop", "needs PowerShell's edition Desktop"),
        ("-Modules NoSuchModule", "needs the module NoSuchModule"),
        (
            "-Modules @{ ModuleName = 'Microsoft.PowerShell.Management'; ModuleVersion = '99.0' }",
            "needs the module",
        ),
    ],
)
def test_what_a_script_requires_and_the_machine_lacks(binder: Binder, requires: str, problem: str) -> None:
    text = f"'a'\n#requires {requires}"

    ((fault,),) = binder.faults([text])

    assert fault.text.startswith(problem)
    assert (fault.line, fault.fatal) == (2, False)
    assert binder.run(binder.script(text)).returncode == 1


@pytest.mark.parametrize(
    "requires", ["-Version 5.1", "-PSEdition Core", "-Modules Microsoft.PowerShell.Utility"]
)
def test_what_the_machine_has_is_no_fault(binder: Binder, requires: str) -> None:
    text = f"#requires {requires}"

    assert binder.faults([text]) == [()]
    assert binder.run(binder.script(text)).returncode == 0


def test_what_a_block_adds_as_the_script_runs_is_left_open(binder: Binder) -> None:
    (parsed,) = binder.parsed(["[CmdletBinding()]param($A)\ndynamicparam { }\nend { }"])

    assert (parsed.faults, parsed.parameters) == ((), None)


def test_an_administrator_is_asked_for_as_powershell_does(binder: Binder) -> None:
    text = "#requires -RunAsAdministrator"

    ((*faults,),) = binder.faults([text])

    assert bool(faults) == bool(binder.run(binder.script(text)).returncode)


def test_a_script_that_is_gone_does_not_keep_the_others(binder: Binder, tmp_path: Path) -> None:
    gone, other = tmp_path / "gone.ps1", binder.script("[CmdletBinding()]param($A)")

    answer = powershell_parser.parse(str(binder.program), [gone, other], binder.env)

    (fault,) = answer.scripts[gone].faults
    assert "cannot read it" in fault.text
    assert answer.scripts[other].parameters is not None
    assert answer.version >= 7


@pytest.mark.parametrize("name", ["it's a $(script) [1].ps1", "보고 — weekly.ps1"])
def test_a_path_may_have_any_characters(binder: Binder, name: str, tmp_path: Path) -> None:
    path = write(tmp_path, name, "if (")

    (fault, *_) = powershell_parser.parse(str(binder.program), [path], binder.env).scripts[path].faults

    assert fault.line == 1


# Programs that do not answer


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match="cannot be started"):
        run([str(tmp_path / "nothing")], os.environ)


def test_a_program_that_does_not_end() -> None:
    with pytest.raises(ProgramError, match=r"did not end within 0\.2 s"):
        run([sys.executable, "-c", "import time; time.sleep(600)"], os.environ, 0.2)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("print('oh'); raise SystemExit(3)", "failed with exit code 3: oh"),
        ("pass", "gave no answer"),
        ("import sys; open(sys.argv[2], 'w').write('no JSON')", "gave no answer"),
    ],
)
def test_a_program_that_gives_no_answer(code: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match=problem):
        ask([sys.executable, "-c", code], [tmp_path], os.environ)
