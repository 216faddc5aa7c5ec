"""The first line of a Python script on Windows: a file, a Python for the launcher to find, or none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tasks.interpreters.py_launcher import words
from tasks.interpreters.script_kind import ScriptRefusedError

PY = "C:/Windows/py.exe"


def script(folder: Path, text: str | bytes) -> Path:
    path = folder / "job.py"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    "line",
    [
        "#!/usr/bin/env python3",
        "#! /usr/bin/env python",
        "#!/usr/bin/python3.12",
        "#!/usr/local/bin/python3 -u",
        "#!python",
        "#!python3.12-32 -v",
        "#!command_of_its_ini",
    ],
)
def test_what_names_no_file_is_left_to_the_launcher_or_to_our_own_python(line: str, tmp_path: Path) -> None:
    path = script(tmp_path, f"{line}\r\nprint()\r\n")

    assert words(path, PY) == [PY]
    assert words(path, None) == []


@pytest.mark.parametrize("text", ["", "print()\n", "# !/usr/bin/python\n", "#!\n", b"\xff\xfe#\0!\0"])
def test_a_script_without_such_a_line_is_run_by_our_own_python(text: str | bytes, tmp_path: Path) -> None:
    assert words(script(tmp_path, text), PY) == []


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_file_is_run_with_its_arguments(mark: str, end: str, tmp_path: Path) -> None:
    program = tmp_path / "my venv" / "python.exe"
    program.parent.mkdir()
    program.touch()

    assert words(script(tmp_path, f'{mark}#!"{program}" -u  -X dev{end}'), PY) == [
        str(program),
        "-u",
        "-X",
        "dev",
    ]


def test_a_relative_file_is_looked_for_beside_the_script(tmp_path: Path) -> None:
    (tmp_path / "python.exe").touch()

    assert words(script(tmp_path, "#!./python.exe\n"), None) == [str(tmp_path / "python.exe")]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScriptRefusedError) as caught:
        words(script(tmp_path, "#!C:\\none\\python.exe\n"), PY)
    assert str(caught.value) == (
        "job.py: its first line names C:\\none\\python.exe to run it, which is not there. "
        "Install it, or correct the first line."
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there it may be a path")
def test_another_systems_python_is_none_of_this_ones(tmp_path: Path) -> None:
    assert words(script(tmp_path, "#!/home/me/venv/bin/python3\n"), PY) == []
