"""Remembers which scripts run, so that none survives the process that owned it.

A beat that is killed outright cannot clean up. So a small file names each running script and its
owner; whoever comes next ends the scripts whose owner is gone.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from pydantic import BaseModel

from tasks import atomic_file, process_tree
from tasks.process_tree import Identity

#: The folders, below outputs_dir, of the records of scripts, and of the server and worker that
#: `rhythm up` has started: a beat ends orphaned scripts, but not the worker that it runs in.
SCRIPTS, SERVICES = "running", "services"


class _Record(BaseModel):
    """What the file of a running script says."""

    host: str
    name: str
    mark: str
    owner: Identity
    script: Identity | None = None


class Running:
    """One running script, written down for as long as it runs."""

    def __init__(self, folder: Path, name: str, mark: str) -> None:
        self._path = folder / f"{mark}.json"
        self._record = _Record(host=socket.gethostname(), name=name, mark=mark, owner=Identity.mine())
        self._write()

    @property
    def script(self) -> Identity | None:
        """The script's process, once it is started."""
        return self._record.script

    def started(self, pid: int) -> None:
        """Note the script's process."""
        self._record.script = Identity.of(pid)
        self._write()

    def forget(self) -> None:
        """Take the file away."""
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        atomic_file.write_text(self._path, self._record.model_dump_json())


@contextmanager
def running(outputs_dir: Path, name: str, mark: str) -> Iterator[Running]:
    """Remember a script while the block runs; forget it however the block ends.

    It is written down before the script starts: its mark alone is enough to find it.
    """
    entry = Running(outputs_dir / SCRIPTS, name, mark)
    try:
        yield entry
    finally:
        entry.forget()


def left(outputs_dir: Path, folder: str = SCRIPTS) -> list[str]:
    """Return the names of the scripts that `sweep` would end."""
    return [record.name for _, record in _orphaned(outputs_dir / folder) if record and _members(record)]


def pids(outputs_dir: Path, folder: str) -> set[int]:
    """Return the pids of all that is written down in a folder and lives: the processes, and their owners."""
    records = [_read(path) for path in (outputs_dir / folder).glob("*.json")]
    here = [record for record in records if record and record.host == socket.gethostname()]
    known = [identity for record in here for identity in (record.owner, record.script) if identity]
    return {identity.pid for identity in known if identity.process()}


async def sweep(outputs_dir: Path, grace: float = process_tree.GRACE, folder: str = SCRIPTS) -> list[str]:
    """End every script whose owner is gone, killed after `grace` seconds; return their names.

    Records of another machine are left alone: their processes cannot be seen from here.
    """
    swept: list[str] = []
    for path, record in _orphaned(outputs_dir / folder):
        with suppress(OSError):  # another sweep was faster, or the file is somebody else's
            if record and await process_tree.end(record.mark, record.script, grace):
                swept.append(record.name)
            path.unlink()
    return swept


def _orphaned(folder: Path) -> Iterator[tuple[Path, _Record | None]]:
    """Yield the records of this machine whose owner is gone, and the broken ones (None)."""
    for path in sorted(folder.glob("*.json")):
        with suppress(OSError):
            record = _read(path)
            if record is None or (record.host == socket.gethostname() and not record.owner.process()):
                yield path, record


def _members(record: _Record) -> list[psutil.Process]:
    leader = record.script.process() if record.script else None
    return process_tree.members(record.mark, [leader] if leader else [])


def _read(path: Path) -> _Record | None:
    """Return what a file says; None if it is broken, so that it names nothing that could be ended."""
    try:
        return _Record.model_validate_json(path.read_bytes(), strict=True)
    except ValueError:
        return None
