"""`rhythm check [--scripts]`: are the scripts valid, and do they take what their steps give them?"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from deployments.script_check.examination import Script, examine
from tests.deployments.command_line import CommandLine, Said

SCRIPT = """[CmdletBinding()]
param([Parameter(Mandatory)][int]$Days, [ValidateSet('a', 'b')]$Mode, [switch]$Force)
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no programs that are text")


class Rhythm:
    """A rhythm, and a pwsh that says that it was started, and does nothing."""

    def __init__(self, rhythm: CommandLine, programs: Path) -> None:
        self.rhythm = rhythm
        self.scripts = rhythm.folder / "scripts"
        self.scripts.mkdir()
        self.started = rhythm.folder / "started"
        self._programs = programs
        programs.mkdir()
        self.program("pwsh", f"echo x >> '{self.started}'; exit 9")

    def program(self, name: str, text: str) -> Path:
        path = self._programs / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o700)
        return path

    def write(self, name: str, text: str | bytes) -> None:
        (self.scripts / name).write_bytes(text.encode() if isinstance(text, str) else text)

    def check(
        self, *steps: str, options: tuple[str, ...] = (), path: Path | None = None, more: str = ""
    ) -> Said:
        """Check a rhythm of these steps, named s0, s1, …; `more` are keys that each of them has."""
        written = [f"{{ run = {json.dumps(step)}, name = 's{at}'{more} }}" for at, step in enumerate(steps)]
        self.rhythm.write(f"timezone = 'UTC'\n[groups.a]\nevery = '10m'\nsteps = [{', '.join(written)}]\n")
        folders = os.pathsep.join([str(path or self._programs), os.environ["PATH"]])
        return self.rhythm("check", "--json", *options, PATH=folders, HOME=str(self.rhythm.folder))

    def where(self, step: str) -> str:
        return f"{self.rhythm.config}:4: groups.a.steps: {step}"


@pytest.fixture
def rhythm_of(rhythm: CommandLine, tmp_path: Path) -> Rhythm:
    return Rhythm(rhythm, tmp_path / "programs")


def problem(where: str, text: str, remedy: str) -> dict[str, str]:
    return {"where": where, "problem": text, "remedy": remedy}


@posix
def test_an_unknown_parameter_is_a_problem_and_no_program_is_started(rhythm_of: Rhythm) -> None:
    rhythm_of.write("weekly.ps1", SCRIPT)

    said = rhythm_of.check("weekly.ps1 -Dayz 7")

    assert said.code == 2
    assert said.json["warnings"] == []
    assert said.json["problems"] == [
        problem(rhythm_of.where("s0"), "no such parameter: -Dayz", "Did you mean -Days?")
    ]
    assert not rhythm_of.started.exists()


@posix
def test_what_can_only_fail_is_a_problem_and_the_rest_a_warning(rhythm_of: Rhythm) -> None:
    rhythm_of.write("weekly.ps1", SCRIPT)

    said = rhythm_of.check("weekly.ps1", "weekly.ps1 -Days 7 -Mode c", "weekly.ps1 -Days 7 -Force")

    assert said.code == 2
    assert [found["problem"] for found in said.json["problems"]] == ["-Days is missing, and mandatory"]
    assert [found["problem"] for found in said.json["warnings"]] == ["-Mode does not take 'c'"]


@posix
def test_a_line_ends_at_a_carriage_return_alone(rhythm_of: Rhythm) -> None:
    rhythm_of.write("old_mac.ps1", "function f {\r\n  1 # note\r}\r\nf\r\n")

    assert rhythm_of.check("old_mac.ps1").json["problems"] == []


@posix
def test_a_step_whose_failure_is_accepted_is_only_warned_of(rhythm_of: Rhythm) -> None:
    rhythm_of.write("weekly.ps1", SCRIPT)

    said = rhythm_of.check("weekly.ps1", more=", optional = true")

    assert (said.code, said.json["problems"]) == (0, [])
    assert len(said.json["warnings"]) == 1


@posix
def test_what_is_never_closed_is_named_once_with_its_line(rhythm_of: Rhythm) -> None:
    rhythm_of.write("weekly.ps1", "'a'\r\nif ($x) {\r\n")

    said = rhythm_of.check("weekly.ps1 -Days 7", "weekly.ps1 -Days 8")

    (found,) = said.json["problems"]
    path = rhythm_of.scripts / "weekly.ps1"
    assert found == problem(
        f"{rhythm_of.where('s0')}: {path}:2",
        "syntax error: '{' that begins here is never closed",
        "Close it.",
    )


@posix
@pytest.mark.parametrize("data", [b"", b"\0\1\2\xff", "param($A)".encode("utf-16"), b"\xb0\xa1 param($A)"])
def test_any_bytes_are_looked_at_without_an_error(rhythm_of: Rhythm, data: bytes) -> None:
    rhythm_of.write("weekly.ps1", data)

    said = rhythm_of.check("weekly.ps1 -Days 7")

    assert (said.code, said.json["problems"], said.json["warnings"]) == (0, [], [])


def test_a_script_that_cannot_be_read_is_a_warning(tmp_path: Path) -> None:
    unreadable = tmp_path / "weekly.ps1"
    unreadable.mkdir()  # by root as well

    ((_, fault),) = examine([Script("groups.a.steps", unreadable, ("pwsh",), (), {}, optional=False)])

    assert f"{unreadable} cannot be read (" in fault.text
    assert not fault.fatal


# With the interpreters


def test_powershell_looks_at_all_scripts_at_once(rhythm_of: Rhythm, pwsh: Path) -> None:
    rhythm_of.write("weekly.ps1", SCRIPT)
    rhythm_of.write("wrong.ps1", "'a'\nif ($x -eq) { }")
    rhythm_of.write("needs.ps1", "#requires -Modules NoSuchModule\n")
    rhythm_of.write("korean.ps1", "'a'\n'한글'".encode("cp949"))

    said = rhythm_of.check(
        "weekly.ps1 -Dayz 7", "wrong.ps1", "needs.ps1", "korean.ps1", options=("--scripts",), path=pwsh
    )

    assert said.code == 2
    wrong, needs, korean = (
        f"{rhythm_of.where(step)}: {rhythm_of.scripts / place}"
        for step, place in [("s1", "wrong.ps1:2"), ("s2", "needs.ps1:1"), ("s3", "korean.ps1:2")]
    )
    assert said.json["problems"] == [
        problem(rhythm_of.where("s0"), "no such parameter: -Dayz", "Did you mean -Days?"),
        problem(
            wrong,
            "syntax error: You must provide a value expression following the '-eq' operator",
            "Correct it.",
        ),
    ]
    assert said.json["warnings"] == [
        problem(
            needs,
            "needs the module NoSuchModule",
            "Install it for the account that Rhythm runs as. Its #requires says so.",
        ),
        problem(korean, "is not UTF-8, as which PowerShell reads it", "Save it as UTF-8."),
    ]


@posix
def test_one_process_looks_at_all_scripts_of_an_interpreter(rhythm_of: Rhythm) -> None:
    log = rhythm_of.rhythm.folder / "pythons"
    python = rhythm_of.program("counted", f"echo x >> '{log}'; exec '{sys.executable}' \"$@\"")
    for number in range(5):
        rhythm_of.write(f"s{number}.py", "x = (\n")

    said = rhythm_of.check(
        *(f"s{number}.py" for number in range(5)), options=("--scripts",), more=f", python = '{python}'"
    )

    assert [found["problem"] for found in said.json["problems"]] == ["syntax error: '(' was never closed"] * 5
    assert log.read_text(encoding="utf-8").split() == ["x"]


def test_python_scripts_are_only_compiled_when_asked_for(rhythm_of: Rhythm) -> None:
    rhythm_of.write("wrong.py", "x = (\n")

    assert rhythm_of.check("wrong.py").code == 0
    assert rhythm_of.check("wrong.py", options=("--scripts",)).code == 2
    assert [path.name for path in rhythm_of.scripts.iterdir()] == ["wrong.py"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_a_shell_script_is_read_by_its_shell(rhythm_of: Rhythm) -> None:
    rhythm_of.write("wrong.sh", "echo a\nfi\n")

    said = rhythm_of.check("wrong.sh", options=("--scripts",))

    (found,) = said.json["problems"]
    assert found["where"] == f"{rhythm_of.where('s0')}: {rhythm_of.scripts / 'wrong.sh'}:2"
    assert found["problem"] == "syntax error: near unexpected token `fi'"


@posix
def test_an_interpreter_that_gives_no_answer_is_a_warning_and_the_grammar_looks(rhythm_of: Rhythm) -> None:
    rhythm_of.write("weekly.ps1", SCRIPT)

    said = rhythm_of.check("weekly.ps1 -Dayz 7", options=("--scripts",))

    (warned,), (found,) = said.json["warnings"], said.json["problems"]
    assert warned["where"] == rhythm_of.where("s0")
    assert "pwsh, which was to look at it, failed with exit code 9" in warned["problem"]
    assert found["problem"] == "no such parameter: -Dayz"
    assert rhythm_of.started.exists()


def test_a_valid_rhythm_of_all_kinds_has_no_finding(rhythm_of: Rhythm, pwsh: Path) -> None:
    rhythm_of.write("a.ps1", SCRIPT)
    rhythm_of.write("b.py", "print('한글')")
    rhythm_of.write("c.sh", "echo c")

    said = rhythm_of.check("a.ps1 -d 7 -Force:$true", "b.py", "c.sh", options=("--scripts",), path=pwsh)

    assert (said.code, said.json) == (0, {"ok": True, "problems": [], "warnings": []})


# What a shell would read, and where scripts start


def found(said: Said, kind: str) -> list[tuple[str, str]]:
    return [(each["where"].split(": ")[-1], each["problem"]) for each in said.json[kind]]


@posix
def test_what_only_a_shell_reads_is_named_with_the_line_of_its_step(rhythm_of: Rhythm) -> None:
    rhythm_of.write("a.sh", "#!/bin/sh\n")
    rhythm_of.rhythm.write(
        "timezone = 'UTC'\n[groups.a]\nevery = '10m'\nsteps = [\n"
        "  'a.sh > out.txt',\n"
        "  # a comment\n"
        "  { run = 'a.sh | tee x', name = 'second' },\n"
        "  { run = ['a.sh', '>', 'x'], name = 'third' },\n]\n"
    )

    said = rhythm_of.rhythm("check", "--json", HOME=str(rhythm_of.rhythm.folder))

    config = rhythm_of.rhythm.config
    assert said.code == 0
    assert said.json["warnings"] == [
        problem(
            f"{config}:5: groups.a.steps: a",
            "'>' redirects nothing: the script gets it as a word",
            "`rhythm logs STEP` has all that it prints; for a file, redirect within the script. "
            "If the script is to get it as it is, put it in single quotes.",
        ),
        problem(
            f"{config}:7: groups.a.steps: second",
            "'|' joins no commands: the script gets it as a word, and all behind it",
            "Make each command a step of its own, or put the line into a script.",
        ),
    ]


@posix
def test_a_working_folder_that_is_not_there_is_a_problem(rhythm_of: Rhythm) -> None:
    rhythm_of.write("a.sh", "#!/bin/sh\n")
    rhythm_of.write("file", "")

    nowhere = rhythm_of.check("a.sh", more=", cwd = 'nowhere'")
    file = rhythm_of.check("a.sh", more=", cwd = 'file', optional = true")

    where = f"{rhythm_of.scripts / 'nowhere'}"
    assert nowhere.code == 2
    assert nowhere.json["problems"] == [
        problem(
            rhythm_of.where("s0"),
            f"its `cwd`, {where}, is not there",
            "Make the folder, or correct `cwd`.",
        )
    ]
    assert found(file, "warnings") == [("s0", f"its `cwd`, {rhythm_of.scripts / 'file'}, is a file")]


@posix
def test_an_interpreter_of_a_first_line_that_is_not_there_is_named_and_not_the_script(
    rhythm_of: Rhythm,
) -> None:
    rhythm_of.write("a.sh", "#!/opt/none/perl\n")

    said = rhythm_of.check("a.sh")

    assert said.json["problems"] == [
        problem(
            rhythm_of.where("s0"),
            "a.sh: its first line names /opt/none/perl to run it, which is not there",
            "Install it, or correct the first line.",
        )
    ]


@posix
def test_scripts_are_read_by_what_their_first_line_names(rhythm_of: Rhythm) -> None:
    rhythm_of.write("python.sh", "#!/usr/bin/env python3\nx = (\n")
    rhythm_of.write("dash.sh", "#!/bin/sh -\na=(1 2)\n")
    rhythm_of.write("perl.sh", "#!/usr/bin/perl\nfi }\n")
    rhythm_of.write("a.sh", "#!/bin/sh -e\necho a\n")

    said = rhythm_of.check("python.sh", "dash.sh", "a.sh", options=("--scripts",))

    by_script = {each["where"].rpartition("/")[2]: each["problem"] for each in said.json["problems"]}
    assert by_script.pop("python.sh:2") == "syntax error: '(' was never closed"
    assert all("dash.sh" in where and "syntax error" in text for where, text in by_script.items())
