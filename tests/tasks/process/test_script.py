"""A script as a child process: what it prints, how it ends, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest

from tasks.files import atomic_file, room
from tasks.process import script
from tasks.process.output import LONGEST, MAX_LINE, TAIL, not_blank
from tasks.process.process_tree import MARK
from tasks.process.script import ScriptEnd
from tasks.redaction.redactor import Redactor
from tests.family import SCRIPTS, Family
from tests.permissions import mode
from tests.umask import umask
from tests.waiting import soon

# Seconds of a timeout within which the script and its child have surely begun, on a busy machine as well.
_TO_BEGIN = 8.0

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
        self.warnings: list[str] = []

    async def __call__(self, name: str, *words: str, **options: Any) -> ScriptEnd:
        return await self.argv(self.family.argv(name, *words), **options)

    async def argv(self, argv: list[str], **options: Any) -> ScriptEnd:
        settings = {"timeout": 60.0, "grace": 0.2, "cwd": self.family.folder, "env": os.environ, **options}
        return await script.run(
            argv,
            name=Path(argv[-1]).stem,
            outputs_dir=self.outputs,
            on_lines=lambda lines, error: (self.errors if error else self.lines).extend(not_blank(lines)),
            redact=Redactor(),
            warn=self.warnings.append,
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

    assert ended == ScriptEnd(code, timed_out=False, tail=("done",))
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

    assert ended == ScriptEnd(-signal.SIGKILL, timed_out=False, tail=("dying",))


async def test_a_hung_script_and_its_grandchild_end_at_the_time_out(run: Runs) -> None:
    ended = await run("hangs.py", timeout=_TO_BEGIN)

    assert (ended.exit_code, ended.timed_out) == (None, True)
    assert run.family.said("grandchild")
    assert not run.family.alive()
    assert run.remembered() == []


@posix_only
@pytest.mark.parametrize("words", [("deaf",), ("deaf", "detached")])
async def test_a_hung_script_that_will_not_listen_is_killed_with_its_grandchild(
    run: Runs, words: tuple[str, ...]
) -> None:
    ended = await run("hangs.py", *words, timeout=_TO_BEGIN)

    assert (ended.exit_code, ended.timed_out) == (None, True)
    assert run.family.said("grandchild")
    assert not run.family.alive()


async def test_a_script_that_went_dark_ends_at_the_time_out_without_a_warning(
    run: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    ended = await run("goes_dark.py", timeout=_TO_BEGIN)

    assert ended == ScriptEnd(None, timed_out=True, tail=("the last word",))
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
async def test_a_child_that_is_left_behind_with_the_streams_delays_nothing_and_goes_on(
    run: Runs, words: tuple[str, ...]
) -> None:
    ended = await run("leaves_a_child.py", *words)

    assert (ended.exit_code, ended.timed_out) == (0, False)
    assert "started a child" in run.lines
    assert len(run.family.alive("sleeps.py")) == 1
    assert run.remembered() == []


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")

#: What a script does to lose all that ties a child to it: variables, session, parent.
LOOSE = "env -i setsid {python} {sleeps} {folder} child </dev/null >/dev/null 2>&1 &"


def shell(run: Runs, *lines: str) -> list[str]:
    """A shell script of which a child has cut itself loose, and which then does `lines`."""
    loose = LOOSE.format(python=sys.executable, sleeps=SCRIPTS / "sleeps.py", folder=run.family.folder)
    wait = f"while [ ! -e {run.family.folder}/child ]; do sleep 0.02; done"
    return ["/bin/sh", "-c", "\n".join([f"( {loose} )", wait, *lines])]


@linux_only
async def test_a_child_without_variables_session_and_parent_ends_at_the_time_out(run: Runs) -> None:
    running = asyncio.create_task(run.argv(shell(run, "sleep 600"), timeout=5.0))
    await soon(lambda: run.family.said("child"), "the child")
    (child,) = run.family.alive("sleeps.py")
    assert MARK not in child.environ()

    ended = await running

    assert ended.timed_out
    assert not run.family.alive()


@linux_only
async def test_a_child_without_variables_session_and_parent_ends_when_the_script_is_cancelled(
    run: Runs,
) -> None:
    running = asyncio.create_task(run.argv(shell(run, "sleep 600")))
    await soon(lambda: run.family.said("child"), "the child")

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert not run.family.alive()


@linux_only
@pytest.mark.parametrize(("end", "code"), [("kill -KILL $$", -9), ("kill -TERM $$", -15), ("exit 3", 3)])
async def test_what_a_script_started_ends_with_it_unless_it_ended_well(
    run: Runs, end: str, code: int
) -> None:
    ended = await run.argv(shell(run, end))

    assert ended.exit_code == code
    assert not run.family.alive()


@posix_only
async def test_the_children_of_a_script_that_is_killed_end(run: Runs) -> None:
    running = asyncio.create_task(run("hangs.py"))
    await soon(lambda: run.family.said("grandchild"), "the grandchild")
    (hanging,) = run.family.alive("hangs.py")

    hanging.kill()

    assert (await running).exit_code == -signal.SIGKILL
    assert not run.family.alive()


@linux_only
async def test_a_daemon_that_a_script_has_left_on_purpose_outlives_those_that_come_after_it(
    run: Runs,
) -> None:
    assert (await run.argv(shell(run, "exit 0"))).exit_code == 0
    (daemon,) = run.family.alive("sleeps.py")

    await run.argv(["/bin/sh", "-c", "exit 3"])
    await run.argv(["/bin/sh", "-c", "sleep 600"], timeout=0.2)

    assert run.family.alive("sleeps.py") == [daemon]


@linux_only
async def test_of_two_scripts_at_once_each_has_its_own(run: Runs, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Runs(Family(tmp_path / "other"), tmp_path / "outputs")
    staying = asyncio.create_task(other.argv(shell(other, "sleep 600")))
    await soon(lambda: other.family.said("child"), "the other script's child")

    await run.argv(shell(run, "exit 3"))

    assert not run.family.alive()
    assert len(other.family.alive("sleeps.py")) == 1
    staying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await staying
    assert not other.family.alive()


@linux_only
async def test_one_process_starts_script_after_script(run: Runs) -> None:
    for _ in range(3):
        await run.argv(["/bin/sh", "-c", "echo $PPID"])

    (parent,) = {int(line) for line in run.lines}
    assert psutil.Process(parent).ppid() == os.getpid()
    assert psutil.Process(parent).children() == []


@linux_only
async def test_what_loses_its_parent_and_ends_is_no_zombie(run: Runs) -> None:
    running = asyncio.create_task(run.argv(["/bin/sh", "-c", "( sleep 0 & ) ; echo $$; exec sleep 600"]))
    await soon(lambda: run.lines, "the script to run")
    script_itself = psutil.Process(int(run.lines[0]))
    parent = script_itself.parent()
    assert parent

    await soon(lambda: parent.children() == [script_itself], "its orphan to be gone")

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@linux_only
async def test_a_script_whose_subreaper_is_killed_fails_and_the_next_one_has_another(run: Runs) -> None:
    running = asyncio.create_task(run("hangs.py"))
    await soon(lambda: run.family.said("grandchild"), "the grandchild")
    (hanging,) = run.family.alive("hangs.py")

    psutil.Process(hanging.ppid()).kill()

    assert (await running).exit_code == -signal.SIGKILL
    assert not run.family.alive()
    assert (await run.argv(["/bin/sh", "-c", "exit 0"])).exit_code == 0


@linux_only
async def test_a_subreaper_that_died_while_it_had_nothing_to_do_is_replaced(run: Runs) -> None:
    await run.argv(["/bin/sh", "-c", "echo $PPID"])
    idle = psutil.Process(int(run.lines[0]))
    idle.kill()
    await soon(lambda: idle.status() == psutil.STATUS_ZOMBIE, "it to be gone")

    assert (await run.argv(["/bin/sh", "-c", "exit 5"])).exit_code == 5


@linux_only
async def test_a_script_ignores_the_signals_that_rhythm_was_started_to_ignore_and_no_others(
    run: Runs,
) -> None:
    await run.argv(["/bin/sh", "-c", "grep SigIgn /proc/self/status"])
    ours = subprocess.run(
        [sys.executable, "-c", "import subprocess; subprocess.run(['grep', 'SigIgn', '/proc/self/status'])"],
        stdout=subprocess.PIPE,
        check=True,
    )

    assert ignored(run.lines[0]) == ignored(ours.stdout.decode())


def ignored(line: str) -> int:
    """The signals that a line of /proc/PID/status names, less the two that glibc keeps for itself."""
    return int(line.split()[1], 16) & 0x7FFFFFFF


async def test_a_full_disk_keeps_no_script_from_running_and_is_reported_once(
    run: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(atomic_file, "write_text", full)
    monkeypatch.setattr(room, "FULL", 2**80)

    assert (await run("prints.py", "0", b"made room".hex())).exit_code == 0

    (warning,) = run.warnings
    assert run.lines == ["made room"]
    assert str(run.outputs / "running") in warning
    assert os.strerror(errno.ENOSPC) in warning
    assert re.search(r"Its disk, (/|[A-Z]:).*, has \d+ MiB left: make room there\.$", warning)


async def test_a_file_in_the_place_of_the_folder_of_outputs_keeps_no_script_from_running(run: Runs) -> None:
    run.outputs.write_text("")

    assert (await run("prints.py", "0")).exit_code == 0

    (warning,) = run.warnings
    assert "Its disk" not in warning


# What it prints


async def test_lines_of_both_streams_come_in_order(run: Runs) -> None:
    ended = await run("floods.py", "5000", "20", "12")

    expected = [f"{number:08d} " + "x" * 10 for number in range(5000)]
    assert ended.exit_code == 0
    assert run.lines == expected
    assert run.errors == expected


async def test_the_tail_is_the_last_lines_of_both_streams_together(run: Runs) -> None:
    ended = await run("floods.py", "100", "20", "1")

    assert ended.tail == tuple(run.lines[-TAIL:])


async def test_a_flood_on_both_streams_is_read_to_its_end(run: Runs) -> None:
    ended = await run("floods.py", "20000", "1000", "12")

    assert ended.exit_code == 0
    assert sum(len(line) + 1 for line in [*run.lines, *run.errors]) == 2 * 20000 * 1000


async def test_a_line_of_fifty_megabytes_does_no_harm(run: Runs) -> None:
    ended = await run("floods.py", "1", "50000000", "1")

    assert ended.exit_code == 0
    assert [len(line) for line in run.lines] == [LONGEST]
    assert [len(line) for line in ended.tail] == [MAX_LINE]


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
    assert await run("prints.py", "0") == ScriptEnd(0, timed_out=False, tail=())


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

    given, grown = map(int, printed.split())
    assert given == 200_000_000
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
