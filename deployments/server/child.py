"""A process that a command runs beside itself: a temporary server."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deployments.server import log_file
from tasks.process import process_tree
from tasks.process.ending import end, uncancelled
from tasks.process.orphans import SERVICES, Running
from tasks.process.ownership import Ownership, ownership
from tasks.process.process_tree import MARK, Identity
from tasks.process.system import IN_UTF_8, ask_to_end


@dataclass(slots=True)
class Child:
    """A program and its log file, started once."""

    name: str
    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    outputs_dir: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _identity: Identity | None = field(default=None, init=False)
    _record: Running | None = field(default=None, init=False)
    _owned: Ownership | None = field(default=None, init=False)
    _mark: str = field(default_factory=lambda: uuid.uuid4().hex, init=False)

    @property
    def pid(self) -> int | None:
        """The process, if it was started."""
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """Its exit code; None while it runs, or before it was started."""
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
        # So that the next `rhythm up` finds it, should this process be killed.
        self._record = Running(self.outputs_dir / SERVICES, self.name, self._mark)
        owned = self._owned = ownership()
        with log_file.opened(self.log) as log:
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

    def ask(self) -> bool:
        """Ask the program to end; if it has died, ask what it has left. Return whether any was asked."""
        root = self._root()
        return ask_to_end([root] if root else self.tree())

    async def end(self, seconds: float) -> None:
        """Ask it to end, wait so many seconds for it and all below it, kill what still runs."""
        if self._process:
            await uncancelled(
                end,
                self.tree(),
                seconds,
                ask=lambda tree: self.ask(),
                find=lambda known: process_tree.members(self._mark, known),
            )
            self._process.wait()
        if self._owned:
            self._owned.close()
        if self._record:
            self._record.forget()

    def tree(self) -> list[psutil.Process]:
        """Return the program's process and all that it has started."""
        root = self._root()
        return process_tree.members(self._mark, [root] if root else []) if self._process else []

    def _root(self) -> psutil.Process | None:
        return self._identity.process() if self._identity else None
