"""A script that the kernel kills for its memory: what it has started, which may live on, ends with it."""

from __future__ import annotations

import signal
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.tasks.process.test_script import Runs, shell
from tests.tasks.process.test_script import run as run
from tests.waiting import eventually

#: Where cgroups are, and what limits their memory, in version 1 and in version 2.
VERSIONS = (
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
    (Path("/sys/fs/cgroup"), "memory.max"),
)
LIMIT, EATS = 64 * 2**20, "x = b'x' * 2**29"


@pytest.fixture
def small() -> Iterator[Path]:
    """The file that takes a process into a cgroup in which there is little memory."""
    for root, limit in VERSIONS:
        group = root / f"rhythm-{uuid.uuid4().hex}"
        with suppress(OSError):
            group.mkdir()
            try:
                with (group / limit).open("r+") as file:  # not there without a controller of memory
                    file.write(str(LIMIT))
                yield group / "cgroup.procs"
                return
            finally:
                eventually(lambda group=group: _removed(group), "the end of all in it")  # type: ignore[misc]
    pytest.skip("no cgroup that limits memory can be made here")


def _removed(group: Path) -> bool:
    with suppress(OSError):
        group.rmdir()
    return not group.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="cgroups are Linux' own")
async def test_what_a_script_has_started_ends_when_the_kernel_kills_the_script_for_its_memory(
    run: Runs, small: Path
) -> None:
    ended = await run.argv(shell(run, f"echo $$ > {small}", f'exec {sys.executable} -c "{EATS}"'))

    assert ended.exit_code == -signal.SIGKILL
    assert not run.family.alive()
