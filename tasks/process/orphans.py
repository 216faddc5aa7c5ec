"""Remembers which scripts run, so that none survives the process that owned it.

A beat that is killed outright cannot clean up. So a small file names each running script and its
owner; whoever comes next ends the scripts whose owner is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from pydantic import BaseModel

from tasks.files import atomic_file, room
from tasks.machine_id import machine_id
from tasks.process import process_tree
from tasks.process.ending import GRACE
from tasks.process.process_tree import Identity

#: The folders, below outputs_dir, of the records of scripts, and of the server and worker that
#: `rhythm up` has started: a beat ends orphaned scripts, but not the worker that it runs in.
SCRIPTS, SERVICES = "running", "services"


class _Record(BaseModel):
    """The contents of the file of a running script; `host` is the machine's id."""

    host: str
    name: str
    mark: str
    owner: Identity
    script: Identity | None = None
    subreaper: Identity | None = None


class Running:
    """One running script, written down for as long as it runs."""

    def __init__(self, folder: Path, name: str, mark: str, warn: Callable[[str], None] | None = None) -> None:
        """Write it down. `warn`: called once if that cannot be done.

        Raises:
            OSError: it cannot be written down, and there is no `warn`.
        """
        self._path, self._warn, self._is_written = folder / f"{mark}.json", warn, True
        self._record = _Record(host="", name=name, mark=mark, owner=Identity.mine())
        self._write()

    @property
    def script(self) -> Identity | None:
        """The script's process, once it is started."""
        return self._record.script

    def started(self, pid: int, subreaper: Identity | None = None) -> None:
        """Note the script's process, and the one that reaps all that it starts."""
        self._record.script = Identity.of(pid)
        self._record.subreaper = subreaper
        self._write()

    def forget(self) -> None:
        """Take the file away."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            if self._is_written:
                raise

    def _write(self) -> None:
        if not self._is_written:
            return
        try:
            self._record.host = machine_id(self._path.parents[1])
            atomic_file.write_text(self._path, self._record.model_dump_json())
        except OSError as error:
            if self._warn is None:
                raise
            self._is_written = False
            self._warn(
                f"{self._path.parent} cannot be written: {error.strerror or error}. Should Rhythm be killed "
                f"meanwhile, {self._record.name} runs on.{room.left(self._path)}"
            )


@contextmanager
def running(outputs_dir: Path, name: str, mark: str, warn: Callable[[str], None]) -> Iterator[Running]:
    """Remember a script while the block runs; forget it however the block ends.

    It is written down before the script starts: its mark alone is enough to find it. That it cannot be is no
    reason not to start it: it may be the one that makes room on a full disk. Then `warn` is called.
    """
    entry = Running(outputs_dir / SCRIPTS, name, mark, warn)
    try:
        yield entry
    finally:
        entry.forget()


def left(outputs_dir: Path, folder: str = SCRIPTS) -> list[str]:
    """Return the names of the scripts that `sweep` would end."""
    return [record.name for _, record in _orphaned(outputs_dir / folder) if record and _members(record)]


def pids(outputs_dir: Path, folder: str) -> set[int]:
    """Return the pids of all that a folder records and that is running: the processes, and their owners."""
    records = [_read(path) for path in (outputs_dir / folder).glob("*.json")]
    here = [record for record in records if record and record.host == machine_id(outputs_dir)]
    known = [identity for each in here for identity in (each.owner, each.script, each.subreaper) if identity]
    return {identity.pid for identity in known if identity.process()}


async def sweep(outputs_dir: Path, grace: float = GRACE, folder: str = SCRIPTS) -> list[str]:
    """End every script whose owner is gone, killed after `grace` seconds; return their names.

    Records of another machine are left alone: their processes cannot be seen from here.
    """
    swept: list[str] = []
    for path, record in _orphaned(outputs_dir / folder):
        with suppress(OSError):  # another sweep was faster, or the file is somebody else's
            if record and await process_tree.end(record.mark, record.script, grace, record.subreaper):
                swept.append(record.name)
            path.unlink()
    return swept


def _orphaned(folder: Path) -> Iterator[tuple[Path, _Record | None]]:
    """Yield the records of this machine whose owner is gone, and the broken ones (None)."""
    for path in sorted(folder.glob("*.json")):
        with suppress(OSError):
            record = _read(path)
            if record is None or (record.host == machine_id(folder.parent) and not record.owner.process()):
                yield path, record


def _members(record: _Record) -> list[psutil.Process]:
    leader = record.script.process() if record.script else None
    return process_tree.members(record.mark, [leader] if leader else [], record.subreaper)


def _read(path: Path) -> _Record | None:
    """Return the contents of a file; None if it is broken, so that it names nothing that could be ended."""
    try:
        return _Record.model_validate_json(path.read_bytes(), strict=True)
    except ValueError:
        return None
