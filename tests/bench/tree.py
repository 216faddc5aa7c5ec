"""The programs of one system, and exactly what they and all that they have started cost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import NamedTuple, Self

from tests.bench import proc

_ROOT = Path(__file__).with_name("programs") / "subreaper.py"
_TRIES = 4  # readings until two agree
_POLITE = 20.0  # seconds from being asked to end to being killed
_LOOK = 0.05


class Reading(NamedTuple):
    """Seconds of CPU since the beginning, and who lives."""

    cpu: float
    alive: tuple[int, ...]


@dataclass
class Tree:
    """Programs, each below a root of its own that reaps what is re-parented; the roots do not count."""

    _roots: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, argv: Sequence[str], log: Path, *, cwd: Path, env: Mapping[str, str]) -> int:
        """Start a program, with its output added to a file. Return its root's process."""
        with log.open("ab") as file:
            root = subprocess.Popen(  # noqa: S603 - the systems that are measured
                [sys.executable, "-I", str(_ROOT), *argv],
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        self._roots.append(root)
        return root.pid

    def programs(self) -> list[int]:
        """Return the processes that were started first, and live."""
        roots = [root.pid for root in self._roots]
        return [pid for pid, found in proc.below(roots).items() if found.parent in roots]

    def read(self) -> Reading:
        """Return what was spent, and who lives.

        A child that ends while its tree is read could count twice, or not at all: so it is read until
        nobody has been waited for in between.
        """
        for _ in range(_TRIES):
            waited = self._waited()
            tree = proc.below(waited)
            spent = sum(found.own + found.children for found in tree.values())
            again = {pid: found.children for pid in tree if (found := proc.stat(pid))}
            if waited == self._waited() and again == {pid: found.children for pid, found in tree.items()}:
                break
        alive = tuple(pid for pid, found in tree.items() if found.state not in "ZX")
        return Reading(round(spent + sum(waited.values()), 2), alive)  # the kernel counts hundredths

    def _waited(self) -> dict[int, float]:
        """Seconds of CPU of what each root has waited for.

        Raises:
            RuntimeError: somebody else has killed a root, and with it what its programs had cost is gone.
        """
        found = {root.pid: proc.stat(root.pid) for root in self._roots}
        if gone := [pid for pid, stat in found.items() if stat is None or stat.state in "ZX"]:
            raise RuntimeError(f"killed by somebody else: process {gone[0]}")
        return {pid: stat.children for pid, stat in found.items() if stat}

    def memory(self) -> int:
        """Return the bytes of all that lives, each shared page counted once where the system reports that."""
        return sum(proc.memory(pid) for pid in self.read().alive)

    def end(self) -> None:
        """End all: the last started first, as that is who needs the others."""
        for root in reversed(self._roots):
            deadline = monotonic() + _POLITE
            self._signal(
                signal.SIGTERM,
                [pid for pid, found in proc.below([root.pid]).items() if found.parent == root.pid],
            )
            while (left := proc.below([root.pid])) and monotonic() < deadline:
                sleep(_LOOK)
            while left:
                self._signal(signal.SIGKILL, left)
                sleep(_LOOK)
                left = proc.below([root.pid])
            root.kill()
            root.wait()
        self._roots.clear()

    def _signal(self, number: int, pids: Sequence[int] | Mapping[int, proc.Stat]) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
