"""What a system that is measured must be able to do."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.bench.tree import Tree
from tests.bench.workload import Workload

_LIMIT = 300.0  # seconds


class LeftOutError(Exception):
    """A system cannot be measured here; the message says why."""


@dataclass(frozen=True)
class Place:
    """Where a system is to live for one measurement: a folder of its own, its work, and its processes.

    `database` is a new, migrated database of Prefect's, to be copied: making it takes ten seconds.
    """

    folder: Path
    workload: Workload
    tree: Tree
    database: Path

    @property
    def env(self) -> dict[str, str]:
        """The environment without what would reach the user's own Prefect or Rhythm."""
        mine = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "RHYTHM_"))}
        return mine | {"HOME": str(self.folder), "PREFECT_HOME": str(self.folder / "prefect")}

    def start(self, argv: Sequence[str], **env: str) -> int:
        """Start a program in the folder, with its output in a log there. Return its root's process."""
        return self.tree.start(argv, self.log, cwd=self.folder, env=self.env | env)

    def run(self, argv: Sequence[str], **env: str) -> None:
        """Run a program in the folder to its end, to prepare: it is not counted.

        Raises:
            RuntimeError: it fails.
        """
        done = subprocess.run(  # noqa: S603 - the systems that are measured
            argv,
            cwd=self.folder,
            env=self.env | env,
            capture_output=True,
            text=True,
            timeout=_LIMIT,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(argv)}: {done.stdout}{done.stderr}")

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"


class System(Protocol):
    """One way to run the 42 scripts. Whatever it starts belongs to the place's tree, which ends it."""

    #: Seconds after which a resident system does again what it does; None if it does not stay.
    period: float | None

    def prepare(self) -> None:
        """Start what stays resident, and register the scripts.

        Raises:
            LeftOutError: it cannot be measured here.
        """

    def start(self) -> float:
        """Make all 42 due at once. Return when they were so (monotonic)."""

    def is_over(self) -> bool:
        """Whether scripts that have not ended by now never will."""

    def beat(self) -> float | None:
        """Return the seconds that it says itself it has worked, if it keeps a record of that."""
