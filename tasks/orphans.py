"""Remembers which scripts run, so that none survives the process that owned it.

A beat that is killed outright cannot clean up. So a small file names each running script and its
owner; whoever comes next ends the scripts whose owner is gone.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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


async def sweep(outputs_dir: Path, grace: float = process_tree.GRACE, folder: str = SCRIPTS) -> list[str]:
    """End every script whose owner is gone, killed after `grace` seconds; return their names.

    Records of another machine are left alone: their processes cannot be seen from here.
    """
    swept: list[str] = []
    for path in sorted((outputs_dir / folder).glob("*.json")):
        with suppress(OSError):  # another sweep was faster, or the file is somebody else's
            record = _read(path)
            if record is None:
                path.unlink()
            elif record.host == socket.gethostname() and not record.owner.process():
                if await process_tree.end(record.mark, record.script, grace):
                    swept.append(record.name)
                path.unlink()
    return swept


def _read(path: Path) -> _Record | None:
    """Return what a file says; None if it is broken, so that it names nothing that could be ended."""
    try:
        return _Record.model_validate_json(path.read_bytes(), strict=True)
    except ValueError:
        return None
