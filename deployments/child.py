"""A process that `rhythm up` keeps alive: Prefect's server, or its worker."""

from __future__ import annotations

import asyncio
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import IO

import psutil

from tasks import process_tree
from tasks.orphans import SERVICES, Running
from tasks.ownership import Ownership, ownership
from tasks.process_tree import MARK, Identity
from tasks.system import IN_UTF_8, ask_to_end

_FIRST, _LONGEST = 1.0, 60.0  # seconds before a restart
_STEADY = 120.0  # seconds alive after which earlier deaths are forgotten
_POLL = 0.05
_LOG_SIZE = 5_000_000  # bytes after which a log starts anew, the last one kept beside it


def back_off(deaths: int) -> float:
    """Return the seconds to wait before the restart after `deaths` deaths in a row: 1, 2, 4, … 60."""
    doublings = min(max(deaths - 1, 0), 10)
    return min(_FIRST * 2.0**doublings, _LONGEST)


@dataclass(slots=True)
class Child:
    """A program, its log file, and how often it has died in a row."""

    name: str
    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    outputs_dir: Path
    deaths: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _identity: Identity | None = field(default=None, init=False)
    _record: Running | None = field(default=None, init=False)
    _owned: Ownership | None = field(default=None, init=False)
    _mark: str = field(default_factory=lambda: uuid.uuid4().hex, init=False)
    _started: float = field(default=0.0, init=False)
    _died: float | None = field(default=None, init=False)

    @property
    def pid(self) -> int | None:
        """The process, if it was started."""
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """Its exit code; None while it lives, or before it was started."""
        return self._process.poll() if self._process else None

    @property
    def log(self) -> Path:
        """The file that its output goes to."""
        return self.outputs_dir / "logs" / f"{self.name}.log"

    def start(self) -> None:
        """Start the program, with its output in the log file.

        Raises:
            OSError: it cannot be started.
        """
        if self._record is None:  # so that the next `rhythm up` finds it, should this one be killed
            self._record = Running(self.outputs_dir / SERVICES, self.name, self._mark)
        if self._owned:  # what an earlier life has left ends with it, where the system sees to that
            self._owned.close()
        owned = self._owned = ownership()
        with _log_file(self.log) as log:
            self._process = subprocess.Popen(  # noqa: S603 - an argument list of ours
                self.argv,
                cwd=self.cwd,
                env={**self.env, **IN_UTF_8, MARK: self._mark},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                **owned.popen,
            )
        owned.take(self._process.pid)
        self._record.started(self._process.pid)
        self._identity = self._record.script
        self._started, self._died = monotonic(), None

    def revive(self) -> str | None:
        """Restart the program if it has died and its wait is over. Return what to tell, if anything."""
        if self._died is None:
            if self._process is None or self.exit_code is None:
                return None
            steady = monotonic() - self._started > _STEADY
            return self._dead(1 if steady else self.deaths + 1, f"has died (exit code {self.exit_code})")
        if monotonic() - self._died < back_off(self.deaths):
            return None
        try:
            self.start()
        except OSError as error:
            return self._dead(self.deaths + 1, f"cannot be started ({error})")
        return f"the {self.name} is started again"

    def _dead(self, deaths: int, how: str) -> str:
        self.deaths, self._died = deaths, monotonic()
        return f"the {self.name} {how}; see {self.log}. It is started again in {back_off(deaths):g} s"

    def ask(self) -> None:
        """Ask the program to end; if it has died, ask what it has left."""
        root = self._root()
        ask_to_end([root] if root else self.tree())

    async def end(self, seconds: float) -> None:
        """Ask it and all below it to end, wait so many seconds, kill what still lives."""
        deadline = monotonic() + seconds
        tree = self.tree()
        self.ask()
        while any(process_tree.lives(process) for process in tree) and monotonic() < deadline:
            await asyncio.sleep(_POLL)
        for process in {*tree, *self.tree()}:
            with suppress(psutil.Error):  # it has just ended
                process.kill()
        if self._process:
            self._process.wait()
        if self._owned:
            self._owned.close()
        if self._record:
            self._record.forget()

    def tree(self) -> list[psutil.Process]:
        """Return the program's process and all that it has started, in this life or an earlier one."""
        root = self._root()
        return process_tree.members(self._mark, [root] if root else []) if self._process else []

    def _root(self) -> psutil.Process | None:
        return self._identity.process() if self._identity else None


def _log_file(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LOG_SIZE:
        # On Windows it cannot be moved while something that the program has left still writes to it.
        with suppress(OSError):
            path.replace(path.with_suffix(".old.log"))
    return path.open("ab")
