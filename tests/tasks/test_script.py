"""A script as a child process: what it prints, how it ends, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from tasks import script
from tasks.output import MAX_STEP, TAIL
from tasks.process_tree import MARK
from tasks.redaction import Redactor
from tasks.script import Ended
from tests.family import SCRIPTS, Family
from tests.permissions import mode
from tests.umask import umask
from tests.waiting import soon

posix_only = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no signals to ignore or to die of, no fork and no sessions"
)


class Runs:
    """Runs example scripts of a family, and hears what they print."""

    def __init__(self, family: Family, outputs: Path) -> None:
        self.family = family
        self.outputs = outputs
        self.lines: list[str] = []
        self.errors: list[str] = []

    async def __call__(self, name: str, *words: str, **options: Any) -> Ended:
        return await self.argv(self.family.argv(name, *words), **options)

    async def argv(self, argv: list[str], **options: Any) -> Ended:
        settings = {"timeout": 60.0, "grace": 0.2, "cwd": self.family.folder, "env": os.environ, **options}
        return await script.run(
            argv,
            name=Path(argv[-1]).stem,
            outputs_dir=self.outputs,
            on_line=lambda line, error: (self.errors if error else self.lines).append(line),
            redact=Redactor(),
            **settings,
        )

    def remembered(self) -> list[Path]:
        """What is written down of running scripts."""
        return list((self.outputs / "running").iterdir())


@pytest.fixture
def run(family: Family, tmp_path: Path) -> Runs:
    return Runs(family, tmp_path / "outputs")


# How it ends


@pytest.mark.parametrize("code", [0, 3, 255])
async def test_the_exit_code_is_the_scripts_own(run: Runs, code: int) -> None:
    ended = await run("prints.py", str(code), b"done\n".hex())

    assert ended == Ended(code, timed_out=False, tail=("done",), dropped=0)
    assert run.remembered() == []


@posix_only
async def test_a_scripts_own_files_have_the_modes_of_the_accounts_umask(run: Runs, tmp_path: Path) -> None:
    writes = "import pathlib, sys; pathlib.Path(sys.argv[1]).touch(); pathlib.Path(sys.argv[2]).mkdir()"
    file, folder = tmp_path / "file", tmp_path / "folder"

    with umask(0o022):
        ended = await run.argv([sys.executable, "-c", writes, str(file), str(folder)])

    assert ended.exit_code == 0
    assert (mode(file), mode(folder), mode(run.outputs)) == (0o644, 0o755, 0o700)


@posix_only
async def test_a_script_that_dies_of_a_signal_has_its_negative_number(run: Runs) -> None:
    ended = await run.argv(["/bin/sh", str(SCRIPTS / "dies.sh")])

    assert ended == Ended(-signal.SIGKILL, timed_out=False, tail=("dying",), dropped=0)


async def test_a_hung_script_and_its_grandchild_end_at_the_time_out(run: Runs) -> None:
    ended = await run("hangs.py", timeout=2.0)

    assert (ended.exit_code, ended.timed_out) == (None, True)
    assert run.family.said("grandchild")
    assert not run.family.alive()
    assert run.remembered() == []


@posix_only
@pytest.mark.parametrize("words", [("deaf",), ("deaf", "detached")])
async def test_a_hung_script_that_will_not_listen_is_killed_with_its_grandchild(
    run: Runs, words: tuple[str, ...]
) -> None:
    ended = await run("hangs.py", *words, timeout=2.0)

    assert (ended.exit_code, ended.timed_out) == (None, True)
    assert run.family.said("grandchild")
    assert not run.family.alive()


async def test_a_script_that_went_dark_ends_at_the_time_out_without_a_warning(
    run: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    ended = await run("goes_dark.py", timeout=1.0)

    assert ended == Ended(None, timed_out=True, tail=("the last word",), dropped=0)
    assert not run.family.alive()
    assert [record.message for record in caplog.records if record.levelname != "DEBUG"] == []


@posix_only
@pytest.mark.parametrize("words", [(), ("deaf",), ("detached",)])
async def test_cancelling_the_task_ends_the_tree(run: Runs, words: tuple[str, ...]) -> None:
    running = asyncio.create_task(run("hangs.py", *words))
    await soon(lambda: run.family.said("grandchild"), "the grandchild")

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert not run.family.alive()
    assert run.remembered() == []


@posix_only
async def test_cancelling_again_and_again_does_not_save_the_tree(run: Runs) -> None:
    running = asyncio.create_task(run("hangs.py", "deaf", grace=0.5))
    await soon(lambda: run.family.said("grandchild"), "the grandchild")

    while not running.done():
        running.cancel()
        await asyncio.sleep(0.01)

    assert running.cancelled()
    assert not run.family.alive()


async def test_cancelling_the_scope_around_it_ends_the_tree(run: Runs) -> None:
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(run, "hangs.py")
            await soon(lambda: run.family.said("grandchild"), "the grandchild")
            scope.cancel()

    assert scope.cancelled_caught
    assert not run.family.alive()
    assert run.remembered() == []


@pytest.mark.parametrize("turns", range(6))
async def test_cancelling_while_it_starts_leaves_nothing(
    run: Runs, turns: int, caplog: pytest.LogCaptureFixture
) -> None:
    running = asyncio.create_task(run("hangs.py"))
    for _ in range(turns):
        await asyncio.sleep(0)

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert not run.family.alive()
    assert turns == 0 or run.remembered() == []
    assert [record.message for record in caplog.records if record.levelname != "DEBUG"] == []


async def test_a_bystander_with_the_same_command_line_survives_the_time_out(run: Runs) -> None:
    bystander = run.family.start("hangs.py")
    await soon(lambda: run.family.said("grandchild"), "the bystander")

    await run("hangs.py", timeout=1.0)

    assert {process.pid for process in run.family.alive("hangs.py")} == {bystander.pid}
    assert len(run.family.alive()) == 2


# What it leaves behind


@pytest.mark.parametrize("words", [(), ("chatty",)])
async def test_a_child_that_is_left_behind_with_the_streams_delays_nothing_and_lives_on(
    run: Runs, words: tuple[str, ...]
) -> None:
    ended = await run("leaves_a_child.py", *words)

    assert (ended.exit_code, ended.timed_out) == (0, False)
    assert "started a child" in run.lines
    assert len(run.family.alive("sleeps.py")) == 1
    assert run.remembered() == []


# What it prints


async def test_lines_of_both_streams_come_in_order(run: Runs) -> None:
    ended = await run("floods.py", "5000", "20", "12")

    expected = [f"{number:08d} " + "x" * 10 for number in range(5000)]
    assert (ended.exit_code, ended.dropped) == (0, 0)
    assert run.lines == expected
    assert run.errors == expected


async def test_the_tail_is_the_last_lines_of_both_streams_together(run: Runs) -> None:
    ended = await run("floods.py", "100", "20", "1")

    assert ended.tail == tuple(run.lines[-TAIL:])


async def test_a_flood_on_both_streams_is_read_to_its_end_and_counted(run: Runs) -> None:
    ended = await run("floods.py", "20000", "1000", "12")

    logged = sum(len(line) + 1 for line in [*run.lines, *run.errors])
    assert ended.exit_code == 0
    assert logged < MAX_STEP
    assert logged + ended.dropped == 2 * 20000 * 1000


async def test_the_last_lines_of_a_flood_are_known_though_they_are_not_logged(run: Runs) -> None:
    ended = await run("floods.py", "20000", "1000", "1")

    assert ended.dropped > 0
    assert ended.tail[-1].startswith("00019999 ")
    assert ended.tail[-1] not in run.lines


async def test_a_line_of_fifty_megabytes_does_no_harm(run: Runs) -> None:
    ended = await run("floods.py", "1", "50000000", "1")

    assert ended.exit_code == 0
    assert sum(map(len, run.lines)) + ended.dropped == 50_000_000


async def test_bytes_in_no_encoding_become_readable_lines(run: Runs) -> None:
    ended = await run(
        "prints.py", "0", (b"caf\xe9 \xff\xfe\x81\n" + bytes(range(128, 256)) + b"\nend\n").hex()
    )

    assert ended.exit_code == 0
    assert len(run.lines) == 3
    assert run.lines[0].startswith("caf")
    assert run.lines[2] == "end"


async def test_a_last_line_without_an_end_is_a_line(run: Runs) -> None:
    await run("prints.py", "0", b"one\ntwo".hex())

    assert run.lines == ["one", "two"]


async def test_a_script_that_prints_nothing_has_no_lines(run: Runs) -> None:
    assert await run("prints.py", "0") == Ended(0, timed_out=False, tail=(), dropped=0)


async def test_a_script_that_closes_its_streams_is_waited_for(run: Runs) -> None:
    running = asyncio.create_task(run("goes_dark.py"))
    await soon(lambda: run.family.said("dark"), "the script to close its streams")
    assert not running.done()

    run.family.tell("end")

    assert (await running).exit_code == 4


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of memory is asked through getrusage")
def test_two_hundred_megabytes_pass_through_a_flat_memory(run: Runs, tmp_path: Path) -> None:
    measuring = run.family.start("measures.py", str(tmp_path), "200000", "1000", stdout=subprocess.PIPE)
    printed, _ = measuring.communicate()

    dropped, grown = map(int, printed.split())
    assert 195_000_000 < dropped < 200_000_000
    assert grown < 60_000_000, f"memory grew by {grown:,} bytes"


# What it is given


async def test_every_run_has_a_mark_of_its_own(run: Runs) -> None:
    await run("shows.py", MARK, env={**os.environ, MARK: "somebody else's"})
    await run("shows.py", MARK)

    first, second = run.lines
    assert first != second
    assert all(len(line) == len(f"{MARK}=") + 32 for line in run.lines)


async def test_it_runs_in_its_folder(run: Runs, tmp_path: Path) -> None:
    printing = [sys.executable, "-c", "import os; print(os.getcwd())"]

    await run.argv(printing, cwd=tmp_path)

    assert [Path(line).resolve() for line in run.lines] == [tmp_path.resolve()]


# What cannot be started


def _junk(folder: Path) -> list[str]:
    path = folder / "junk"
    path.write_bytes(b"\x00\x01\x02")
    path.chmod(0o755)
    return [str(path)]


@pytest.mark.parametrize(
    "argv",
    [_junk, lambda folder: [str(folder / "gone")], lambda folder: [str(folder)], lambda folder: ["a\0b"]],
    ids=["no program", "missing", "a folder", "a NUL character"],
)
async def test_what_cannot_be_started_is_an_os_error(
    run: Runs, tmp_path: Path, argv: Callable[[Path], list[str]]
) -> None:
    with pytest.raises(OSError, match=r"."):
        await run.argv(argv(tmp_path))

    assert run.remembered() == []


async def test_a_missing_working_directory_is_an_os_error_that_names_it(run: Runs, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        await run("prints.py", "0", cwd=tmp_path / "nowhere")


@pytest.mark.parametrize("env", [{"A": "b\0c"}, {"A=B": "c"}, {"": "c\0"}])
async def test_an_impossible_environment_is_an_os_error(run: Runs, env: dict[str, str]) -> None:
    with pytest.raises(OSError, match=r"."):
        await run("prints.py", "0", env={**os.environ, **env})

    assert run.remembered() == []
