"""What a command runs, behind its wrappers and interpreters."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.adopt.commands.invocation import Invocation, from_words
from deployments.adopt.commands.windows_argv import split


def run(line: str, cwd: str | None = None) -> Invocation:
    return from_words(split(line), cwd)


@pytest.mark.parametrize(
    ("line", "script", "args"),
    [
        (r"pythonw.exe C:\s\x.py --i 5", r"C:\s\x.py", ("--i", "5")),
        (r'python -u -X utf8 -W ignore "C:\a b\x.py"', r"C:\a b\x.py", ()),
        (r"py -3.11 C:\s\x.py", r"C:\s\x.py", ()),
        (
            r"powershell.exe -NoProfile -ExecutionPolicy Bypass -WindowStyle Hidden -File C:\s\x.ps1 -A 1",
            r"C:\s\x.ps1",
            ("-A", "1"),
        ),
        (r"pwsh -nop -ep bypass -f C:\s\x.ps1", r"C:\s\x.ps1", ()),
        (r"powershell C:\s\x.ps1 -A 1", r"C:\s\x.ps1", ("-A", "1")),
        (
            r"""powershell -Command "& 'C:\my scripts\x.ps1' -Days 3" """,
            r"C:\my scripts\x.ps1",
            ("-Days", "3"),
        ),
        (
            r'powershell -c "& { C:\s\x.ps1 -A \'b c\' ; exit $LASTEXITCODE }"'.replace("\\'", "'"),
            r"C:\s\x.ps1",
            ("-A", "b c"),
        ),
        (r'cmd /c "C:\s\x.bat" /q', r"C:\s\x.bat", ("/q",)),
        (r'cmd.exe /d /c "cd /d C:\s && python x.py --a"', r"C:\s\x.py", ("--a",)),
        (r'cmd /c start "title" /min C:\s\x.cmd', r"C:\s\x.cmd", ()),
        (r"C:\s\x.exe --fast", r"C:\s\x.exe", ("--fast",)),
        ("/opt/x/run.sh a b", "/opt/x/run.sh", ("a", "b")),
        ("bash -e /opt/x/run.sh a", "/opt/x/run.sh", ("a",)),
        ("bash -lc '/opt/x/run.sh a'".replace("'", '"'), "/opt/x/run.sh", ("a",)),
        ("timeout 300 nice -n 10 /opt/x/run.sh a", "/opt/x/run.sh", ("a",)),
        ('flock -n /tmp/lock -c "/opt/x.sh 1"', "/opt/x.sh", ("1",)),
        ("env A=1 /usr/bin/python3 /opt/x.py", "/opt/x.py", ()),
        ("sudo -u backup /opt/x.sh", "/opt/x.sh", ()),
        ("robocopy.exe C:\\a D:\\b /MIR", r"C:\Windows\System32\robocopy.exe", ("C:\\a", "D:\\b", "/MIR")),
    ],
)
def test_the_script_is_found_behind_what_starts_it(line: str, script: str, args: tuple[str, ...]) -> None:
    found = run(line)

    assert (found.script, found.args, found.doubts) == (script, args, ())


def test_a_relative_script_is_one_of_the_folder_it_starts_in() -> None:
    assert run(r"python scripts\a.py", r"C:\agi").script == r"C:\agi\scripts\a.py"
    assert run(r"python scripts\a.py", "/srv/agi").script == "/srv/agi/scripts/a.py"


def test_without_a_folder_a_relative_script_is_in_doubt() -> None:
    assert run("python a.py").doubts == ("a.py is given without its folder",)


def test_a_python_that_is_named_by_its_path_is_kept_and_has_a_window_no_more() -> None:
    found = run(r"C:\agi\.venv\Scripts\pythonw.exe C:\agi\x.py")

    assert found.python == r"C:\agi\.venv\Scripts\python.exe"
    assert found.differences == ()


def test_a_python_that_path_names_is_a_loss() -> None:
    (difference,) = run(r"python C:\x.py").differences

    assert "the Python that PATH names" in difference.what


def test_a_module_needs_a_python_whose_path_is_known() -> None:
    known = run(r"C:\py\python.exe -m agi.metrics --once")

    assert (known.through, known.args, known.doubts) == (
        (r"C:\py\python.exe", "-m", "agi.metrics"),
        ("--once",),
        (),
    )
    assert run("python -m agi.metrics").doubts


def test_another_interpreter_goes_before_its_script() -> None:
    found = run(r"wscript.exe //B C:\s\hidden.vbs 1")

    assert found.through == (r"C:\Windows\System32\wscript.exe", "//B")
    assert (found.script, found.args, found.doubts) == (r"C:\s\hidden.vbs", ("1",), ())
    assert run("node server.js", r"C:\n").doubts == ("where node is, PATH says, which is not known here",)


def test_an_encoded_command_is_decoded() -> None:
    code = base64.b64encode(r"& 'C:\s\x.ps1' -A 1".encode("utf-16-le")).decode()

    assert run(f"powershell -enc {code}").script == r"C:\s\x.ps1"


@pytest.mark.parametrize(
    "line",
    [
        'powershell -Command "Get-Process | Out-File C:\\x.txt"',
        'cmd /c "dir C:\\ | find x"',
        'bash -c "cd /x; ls | wc"',
        'powershell -Command "& $script"',
    ],
)
def test_code_within_a_command_is_no_script(line: str) -> None:
    found = run(line)

    assert found.script is None
    assert len(found.doubts) == 1


@pytest.mark.parametrize(
    "line", [r"%USERPROFILE%\x.py", r"python %USERPROFILE%\x.py", r"%PY%\python.exe C:\x.py"]
)
def test_a_variable_that_is_not_known_is_named(line: str) -> None:
    assert any("is not known here" in doubt for doubt in run(line).doubts)


def test_output_that_went_to_a_file_is_a_loss() -> None:
    found = run(r'cmd /c "C:\s\x.bat >> C:\log.txt 2>&1"')

    assert found.script == r"C:\s\x.bat"
    assert [difference.what for difference in found.differences] == [
        r"its output no longer goes to C:\log.txt"
    ]


def test_what_a_wrapper_allows_in_time_is_kept() -> None:
    assert run("timeout 5m /opt/x.sh").time_limit_minutes == 5
    assert run("timeout 90 /opt/x.sh").time_limit_minutes == 1.5


@given(
    st.lists(
        st.one_of(
            st.text(max_size=12),
            st.sampled_from(
                [
                    "cmd",
                    "/c",
                    "powershell",
                    "-c",
                    "-File",
                    "-m",
                    "python",
                    "bash",
                    "-c",
                    "env",
                    "timeout",
                    "1",
                    "&",
                    "sudo",
                    "flock",
                    "start",
                ]
            ),
        ),
        max_size=10,
    )
)
def test_any_words_are_an_invocation(words: list[str]) -> None:
    found = from_words(words)

    assert found.script or found.through or found.doubts
