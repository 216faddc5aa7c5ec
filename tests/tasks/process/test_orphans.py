"""Scripts whose owner was killed outright are ended by whoever comes next; no others are."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.process import orphans
from tasks.process.process_tree import MARK, Identity
from tests.family import Family
from tests.waiting import eventually

ends_with_its_owner = pytest.mark.skipif(
    sys.platform == "win32", reason="on Windows its job object has ended it already: test_job_object"
)


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    return tmp_path / "outputs"


@pytest.fixture
def owner(family: Family, outputs: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that owns hangs.py and its grandchild."""
    with family.start("owner.py", str(outputs), "hangs.py") as process:
        eventually(lambda: family.said("grandchild"), "the script to be running")
        eventually(lambda: _records(outputs)[0]["script"], "the script to be written down")
        yield process
        process.kill()


def _records(outputs: Path) -> list[dict[str, object]]:
    return [json.loads(path.read_bytes()) for path in (outputs / "running").glob("*.json")]


def _files(outputs: Path) -> list[str]:
    return [path.name for path in (outputs / "running").iterdir()]


def _write(outputs: Path, text: str, name: str = "0123.json") -> Path:
    path = outputs / "running" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _dies_with(outputs: Path, *lines: str) -> str:
    """Remember a script named "doomed" in a process that runs `lines` and is then killed; return its mark."""
    code = [
        "import os, subprocess, sys; from pathlib import Path; from tasks.process import orphans",
        "mark = os.urandom(8).hex()",
        "print(mark, flush=True)",
        "context = orphans.running(Path(sys.argv[1]), 'doomed', mark, print)",
        "entry = context.__enter__()",
        *lines,
        "import psutil; psutil.Process().kill()",
    ]
    argv = [sys.executable, "-c", "\n".join(code), str(outputs)]
    ended = subprocess.run(argv, stdout=subprocess.PIPE)  # noqa: S603 - our own lines
    assert ended.returncode != 0
    return ended.stdout.decode().strip()


@ends_with_its_owner
async def test_a_script_whose_owner_was_killed_ends_with_its_tree(
    family: Family, outputs: Path, owner: subprocess.Popen[bytes]
) -> None:
    owner.kill()
    owner.wait()
    assert len(family.alive()) == 2

    assert await orphans.sweep(outputs, grace=0.2) == ["hangs.py"]

    assert not family.alive()
    assert _files(outputs) == []
    assert await orphans.sweep(outputs) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")
async def test_what_lost_all_that_ties_it_to_a_killed_owner_ends_as_well(
    family: Family, outputs: Path
) -> None:
    with family.start("owner.py", str(outputs), "hangs.py", "bare", "detached") as owner:
        eventually(lambda: family.said("grandchild"), "the script to be running")
        eventually(lambda: _records(outputs)[0]["script"], "the script to be written down")
        owner.kill()
    (grandchild,) = family.alive("sleeps.py")
    assert MARK not in grandchild.environ()

    assert await orphans.sweep(outputs, grace=5) == ["hangs.py"]

    assert not family.alive()


async def test_a_script_whose_owner_runs_is_not_touched(
    family: Family, outputs: Path, owner: subprocess.Popen[bytes]
) -> None:
    assert await orphans.sweep(outputs, grace=0.2) == []

    assert len(family.alive()) == 3
    assert len(_records(outputs)) == 1
    assert owner.poll() is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no zombies")
async def test_an_owner_that_is_dead_but_not_yet_buried_owns_nothing(
    family: Family, outputs: Path, owner: subprocess.Popen[bytes]
) -> None:
    owner.kill()
    eventually(lambda: not family.alive("owner.py"), "the owner to be a zombie")

    assert await orphans.sweep(outputs, grace=0.2) == ["hangs.py"]

    assert not family.alive()


@ends_with_its_owner
async def test_two_sweeps_at_once_do_each_other_no_harm(
    family: Family, outputs: Path, owner: subprocess.Popen[bytes]
) -> None:
    owner.kill()
    owner.wait()

    swept = await asyncio.gather(*(orphans.sweep(outputs, grace=0.2) for _ in range(3)))

    assert {name for names in swept for name in names} == {"hangs.py"}
    assert not family.alive()
    assert _files(outputs) == []


async def test_an_owner_killed_before_its_script_was_started_leaves_only_a_file(outputs: Path) -> None:
    mark = _dies_with(outputs)
    assert _files(outputs) == [f"{mark}.json"]

    assert await orphans.sweep(outputs) == []

    assert _files(outputs) == []


async def test_an_owner_killed_before_it_wrote_down_the_process_is_cleaned_up_after(
    family: Family, outputs: Path
) -> None:
    argv = family.argv("sleeps.py")
    _dies_with(
        outputs,
        f"subprocess.Popen({argv!r}, env={{**os.environ, {MARK!r}: mark}}, stdout=subprocess.DEVNULL)",
    )
    eventually(lambda: family.said("sleeping"), "the script to be running")

    assert await orphans.sweep(outputs, grace=0.2) == ["doomed"]

    assert not family.alive()


async def test_a_later_process_with_the_pid_of_the_script_is_not_touched(
    family: Family, outputs: Path
) -> None:
    bystander = family.start("sleeps.py")
    eventually(lambda: family.said("sleeping"), "the bystander to be running")
    later = Identity.of(bystander.pid)
    assert later
    _write(outputs, _record(script={"pid": later.pid, "created": later.created - 1}))

    assert await orphans.sweep(outputs, grace=0.2) == []

    assert later.process()
    assert _files(outputs) == []


def _record(**changes: object) -> str:
    """A record of a dead owner, as it would be written."""
    record: dict[str, object] = {
        "host": socket.gethostname(),
        "name": "old",
        "mark": "0123",
        "owner": {"pid": os.getpid(), "created": 1.0},
        "script": None,
    }
    return json.dumps(record | changes)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("{", id="no JSON"),
        pytest.param("null", id="null"),
        pytest.param("[]", id="a list"),
        pytest.param("\0\0\0\0", id="zeros"),
        pytest.param(_record()[:60], id="half a record"),
        pytest.param(_record(owner=None), id="no owner"),
        pytest.param(_record(owner={"pid": "x", "created": None}), id="an owner of the wrong types"),
        pytest.param(_record(owner={"pid": 1}), id="half an owner"),
        pytest.param(_record(mark=7), id="a number for a mark"),
    ],
)
async def test_a_broken_file_harms_nobody_and_goes(outputs: Path, text: str) -> None:
    _write(outputs, text)

    assert await orphans.sweep(outputs) == []

    assert _files(outputs) == []


@pytest.mark.parametrize("pid", [0, -1, 2**40])
async def test_an_owner_that_cannot_be_is_dead(outputs: Path, pid: int) -> None:
    _write(outputs, _record(owner={"pid": pid, "created": 1.0}, script={"pid": pid, "created": 1.0}))

    assert await orphans.sweep(outputs) == []

    assert _files(outputs) == []


async def test_a_folder_in_the_place_of_a_file_is_left_alone(outputs: Path) -> None:
    (outputs / "running" / "odd.json").mkdir(parents=True)

    assert await orphans.sweep(outputs) == []


async def test_the_record_of_another_machine_is_left_alone(outputs: Path) -> None:
    path = _write(outputs, _record(host="elsewhere"))

    assert await orphans.sweep(outputs) == []

    assert path.exists()


async def test_nothing_to_sweep_is_no_error(outputs: Path) -> None:
    assert await orphans.sweep(outputs) == []


def test_a_script_is_forgotten_however_the_block_ends(outputs: Path) -> None:
    with pytest.raises(RuntimeError), orphans.running(outputs, "work", "0123", print) as entry:  # noqa: PT012
        assert [record["name"] for record in _records(outputs)] == ["work"]
        entry.started(os.getpid())
        assert entry.script == Identity.mine()
        raise RuntimeError

    assert _files(outputs) == []
