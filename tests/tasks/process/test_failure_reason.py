"""Which of its lines a failed script's reason is: by what real programs print."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.process.failure_reason import LONGEST, failure_reason
from tasks.process.output import not_blank
from tests.waiting import LIMIT

_EXITS = "; import sys; sys.exit(3)"


def reason_of(errors: str, output: str = "") -> str:
    return failure_reason(not_blank(errors.split("\n")), not_blank(output.split("\n")))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("print('working'); raise ValueError('disk is full')", "ValueError: disk is full"),
        ("raise ValueError('1 error\\nfield\\n  is no number')", "ValueError: 1 error"),
        ("e = ValueError('x'); e.add_note('and a note'); raise e", "ValueError: x"),
        ("try:\n    1/0\nexcept ZeroDivisionError:\n    {}['x']", "KeyError: 'x'"),
        (
            "try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise OSError('no backup') from e",
            "OSError: no backup",
        ),
        ("def (", "SyntaxError: invalid syntax"),
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("import sys; sys.exit('no such host: db1')", "no such host: db1"),
        (
            "raise ExceptionGroup('several', [ExceptionGroup('inner', [TypeError('t\\nu')]), OSError('o')])",
            "ExceptionGroup: several (2 sub-exceptions): TypeError: t",
        ),
        (
            "import asyncio\nasync def bad(): raise ConnectionError('refused')\nasync def main():\n"
            "    async with asyncio.TaskGroup() as g: g.create_task(bad())\nasyncio.run(main())",
            "ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception): ConnectionError: refused",
        ),
        (
            "import logging\ntry:\n    1/0\nexcept Exception:\n    logging.exception('once')\n"
            "logging.error('giving up')" + _EXITS,
            "ERROR:root:giving up",
        ),
        (
            "import traceback\ntry:\n    1/0\nexcept Exception:\n    traceback.print_exc()" + _EXITS,
            "ZeroDivisionError: division by zero",
        ),
        ("print('reading'); print('no such host')" + _EXITS, "no such host"),
        ("import sys; print('bad input', file=sys.stderr); print('bye')" + _EXITS, "bad input"),
        ("import sys; print('\\n \\n', file=sys.stderr)" + _EXITS, ""),
        ("import argparse; argparse.ArgumentParser('x').parse_args(['-z'])", "x: error: unrecognized arg"),
        ("import faulthandler, os; faulthandler.enable(); os.abort()", "Fatal Python error: Aborted"),
    ],
)
def test_python(code: str, reason: str) -> None:
    assert _ran([sys.executable, "-c", code]).startswith(reason)
    assert reason or _ran([sys.executable, "-c", code]) == ""


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo working; ls /nope", "ls: cannot access '/nope': No such file or directory"),
        ("no_such_command", "x.sh: line 1: no_such_command: command not found"),
        ("set -u; echo $NOPE", "x.sh: line 1: NOPE: unbound variable"),
        ('echo "${1:?needs a folder}"', "x.sh: line 1: 1: needs a folder"),
        ("if true\nfi fi", "x.sh: line 2: syntax error near unexpected token `fi'"),
        ("ls --zzz", "ls: unrecognized option '--zzz'"),
        ("set -ex; cd /; false", "+ false"),
        ("printf '10%%\\r20%%\\n' >&2; echo done; exit 3", "20%"),
        ("git -C / status", "fatal: not a git repository (or any of the parent directories): .git"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="the messages of bash and GNU")
def test_a_shell(script: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "x.sh").write_text(script)

    assert _ran([_installed("bash"), "x.sh"], tmp_path).startswith(reason)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("die 'boom'", "boom at x.pl line 1."),
        ("use Carp; sub f { Carp::confess('bad') } f(1);", "bad at x.pl line 1."),
        ("use strict; $x = 1;", 'Global symbol "$x" requires explicit package name'),
        ("use No::Such;", "Can't locate No/Such.pm in @INC"),
        ("if (1 {", "Missing right curly or square bracket at x.pl line 1"),
    ],
)
def test_perl(script: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "x.pl").write_text(script)

    assert _ran([_installed("perl"), "x.pl"], tmp_path).startswith(reason)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ('throw new Error("first\\nsecond")', "Error: first"),
        ('require("fs").readFileSync("/nope")', "Error: ENOENT: no such file or directory, open '/nope'"),
        ('require("no-such")', "Error: Cannot find module 'no-such'"),
        (
            'async function f(){throw new TypeError("refused", {cause: new Error("inner")})} f()',
            "TypeError: refused",
        ),
        ("let x = ;", "SyntaxError: Unexpected token ';'"),
        ('console.error("bad input"); process.exit(3)', "bad input"),
    ],
)
def test_node(script: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "x.js").write_text(script)

    assert _ran([_installed("node"), "x.js"], tmp_path) == reason


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        pytest.param(
            'Exception in thread "main" java.lang.RuntimeException: backup failed\n'
            "\tat Main.main(Main.java:2)\nCaused by: java.lang.IllegalStateException: disk full\n"
            "\tat Main.f(Main.java:1)\n\tat Main.main(Main.java:2)\n\t... 7 more\n",
            "Caused by: java.lang.IllegalStateException: disk full",
            id="Java",
        ),
        pytest.param(
            "Unhandled exception. System.InvalidOperationException: backup failed\n"
            " ---> System.IO.IOException: disk full\n   --- End of inner exception stack trace ---\n"
            "   at Program.<Main>$(String[] args) in /x/Program.cs:line 3\n",
            "Unhandled exception. System.InvalidOperationException: backup failed",
            id=".NET",
        ),
        pytest.param(
            "x.rb:1:in `f': disk full (RuntimeError)\n\tfrom x.rb:2:in `<main>'\n",
            "x.rb:1:in `f': disk full (RuntimeError)",
            id="Ruby",
        ),
        pytest.param(
            "\nthread 'main' (2809) panicked at p.rs:1:12:\nboom\nstack backtrace:\n"
            "   0: std::panicking::begin_panic::<&str>\n             at /rustc/library/panicking.rs:761:5\n"
            "   1: p::main\nnote: Some details are omitted, run with `RUST_BACKTRACE=full`.\n",
            "boom",
            id="Rust",
        ),
        pytest.param(
            "panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/x.go:4 +0x1d\nexit status 2\n",
            "panic: boom",
            id="Go",
        ),
        pytest.param(
            "bad.c:1:11: error: expected ')' before '{' token\n    1 | int main( {\n      |           ^\n"
            "make: *** [Makefile:2: all] Error 1\n",
            "bad.c:1:11: error: expected ')' before '{' token",
            id="make",
        ),
        pytest.param(
            'npm error Missing script: "nope"\nnpm error\nnpm error To see a list of scripts, run:\n'
            "npm error   npm run\nnpm error A complete log of this run can be found in: /root/x.log\n",
            'Missing script: "nope"',
            id="npm",
        ),
        pytest.param(
            "npm ERR! code ENOENT\nnpm ERR! syscall open\nnpm ERR! path /package.json\nnpm ERR! errno -2\n"
            "npm ERR! enoent Could not read package.json\nnpm ERR! enoent This is related to npm\n",
            "Could not read package.json",
            id="npm, older",
        ),
        pytest.param(
            "src/a.ts(1,5): error TS2304: Cannot find name 'x'.\nnpm ERR! code ELIFECYCLE\nnpm ERR! errno 2\n"
            "npm ERR! a@1.0.0 build: `tsc`\nnpm ERR! Exit status 2\n",
            "src/a.ts(1,5): error TS2304: Cannot find name 'x'.",
            id="npm around another program",
        ),
        pytest.param(
            'rsync: [sender] link_stat "/nope" failed: No such file or directory (2)\n'
            "rsync error: some files/attrs were not transferred (see previous errors) (code 23)\n",
            'rsync: [sender] link_stat "/nope" failed: No such file or directory (2)',
            id="rsync",
        ),
        pytest.param("Errors:\n  - disk full\n", "- disk full", id="a heading"),
        pytest.param("  disk full\n  really\n", "really", id="all indented"),
        pytest.param("oops\n}\n-----\n", "oops", id="no words"),
    ],
)
def test_others(errors: str, reason: str) -> None:
    assert reason_of(errors) == reason


@pytest.mark.parametrize(
    "bar",
    [
        "100%|██████████| 10/10 [00:01<00:00, 9.9it/s]",
        "   ━━━━━━━━━━━━━━━━━━ 1.2/3.4 MB 5.6 MB/s eta 0:00:01",
        "######################## 45.6%",
        "file.iso   50% [====>     ] 1.2M  3.4MB/s",
    ],
)
def test_a_progress_bar_is_no_reason_if_there_is_another(bar: str) -> None:
    assert reason_of(bar, "disk full") == "disk full"
    assert reason_of(f"disk full\n{bar}") == "disk full"
    assert reason_of(bar) == bar.strip()


def test_a_summary_of_tests_is_no_progress_bar() -> None:
    line = "==== 1 failed, 2 passed in 0.12s ===="
    assert reason_of("", f"x\n{line}") == line


def test_a_reason_of_a_very_long_line_is_short() -> None:
    assert len(reason_of("x" * 100_000)) == LONGEST


@given(st.lists(st.text(min_size=1).filter(lambda line: not line.isspace())), st.lists(st.just("out")))
def test_the_reason_is_part_of_what_was_printed_and_there_is_one_if_anything_was(
    errors: list[str], output: list[str]
) -> None:
    found = failure_reason(errors, output)

    assert bool(found) is bool(errors or output)
    assert not found or any(found.removesuffix("…")[:100] in line for line in [*errors, *output])


def _ran(argv: list[str], folder: Path | None = None) -> str:
    done = subprocess.run(  # noqa: S603 - our own words
        argv, cwd=folder, capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=LIMIT
    )
    assert done.returncode
    return reason_of(done.stderr, done.stdout)


def _installed(program: str) -> str:
    if not (found := shutil.which(program)):
        pytest.skip(f"no {program} here")
    return found
