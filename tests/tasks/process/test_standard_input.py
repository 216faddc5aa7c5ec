"""What a script reads: nothing, a text or a file, whether it reads it or not."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tasks.outcome import Outcome
from tasks.settings.steps import StepSettings
from tests.tasks.test_step import Steps
from tests.tasks.test_step import steps as steps

pytestmark = pytest.mark.real_windows("a Python whose standard input is a file does not start there")

READS = "import sys; data = sys.stdin.buffer.read(); print(len(data), ascii(data[:20].decode()))"


@pytest.fixture
def scripts(steps: Steps, tmp_path: Path) -> Path:
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "reads.py").write_text(READS)
    (folder / "ignores.py").write_text("print('fine')")
    (folder / "asks.py").write_text("print('hello ' + input()); print('and ' + input())")
    steps.settings["scripts_dir"] = folder
    return folder


@pytest.mark.parametrize(
    ("options", "read"),
    [
        ({}, "0 ''"),
        ({"stdin": ""}, "0 ''"),
        ({"stdin": "yes\n"}, r"4 'yes\n'"),
        ({"stdin": "ja, ü"}, r"6 'ja, \xfc'"),
        ({"stdin": "x" * 1_000_000}, f"1000000 '{'x' * 20}'"),
        ({"stdin": {"file": "answers.txt"}}, r"5 'a\r\nb\n'"),
    ],
)
async def test_a_script_reads_it_to_its_end(
    steps: Steps, scripts: Path, options: dict[str, Any], read: str
) -> None:
    (scripts / "answers.txt").write_bytes(b"a\r\nb\n")

    assert (await steps("reads.py", **options)).message == read
    assert (await steps("reads.py", **options)).message == read  # from the beginning again


async def test_a_script_that_asks_twice_is_answered_twice(steps: Steps, scripts: Path) -> None:
    assert (await steps("asks.py", stdin="you\nme\n")).message == "and me"


async def test_a_script_that_asks_for_more_fails_and_does_not_hang(steps: Steps, scripts: Path) -> None:
    result = await steps("asks.py", stdin="you\n")

    assert result.reason == "exit code 1: EOFError: EOF when reading a line"


@pytest.mark.parametrize("stdin", ["x" * 1_000_000, {"file": "large"}])
async def test_a_script_that_does_not_read_it_neither_hangs_nor_fails(
    steps: Steps, scripts: Path, stdin: Any
) -> None:
    (scripts / "large").write_bytes(b"x" * 5_000_000)

    assert (await steps("ignores.py", stdin=stdin)).message == "fine"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no shell of its own for .sh")
async def test_a_shell_and_what_it_starts_share_it(steps: Steps, scripts: Path) -> None:
    (scripts / "shares.sh").write_text('read first\nrest=$(cat)\necho "$first then $rest"\n')

    assert (await steps("shares.sh", stdin="one\ntwo\nthree")).message == "three"


async def test_a_file_that_is_not_there_fails_the_step_with_its_path(steps: Steps, scripts: Path) -> None:
    result = await steps("reads.py", stdin={"file": "gone.txt"})

    assert result.outcome is Outcome.FAILED
    assert result.reason.startswith("cannot be started: ")
    assert "gone.txt" in result.reason


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
async def test_a_pipe_that_nobody_fills_is_refused(steps: Steps, scripts: Path) -> None:
    os.mkfifo(scripts / "pipe")

    assert "is not a file" in (await steps("reads.py", stdin={"file": "pipe"})).reason


@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        (3, "is neither text nor a file"),
        (["a"], "is neither text nor a file"),
        ({}, "names no file"),
        ({"path": "a"}, "Extra inputs"),
        ({"file": "a\0b"}, "contains a NUL character"),
    ],
)
def test_it_is_text_or_a_file(stdin: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        StepSettings.model_validate({"run": "a.py", "stdin": stdin})


def test_a_built_in_reads_nothing() -> None:
    with pytest.raises(ValidationError, match="a built-in step reads nothing"):
        StepSettings.model_validate({"run": "check_health", "stdin": "x"})
