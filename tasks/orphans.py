"""Remembers which scripts run, so that none survives the process that owned it.

A beat that is killed outright cannot clean up. So a small file names each running script and its
owner; whoever comes next ends the scripts whose owner is gone.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tasks import process_tree
from tasks.process_tree import Identity

_FOLDER = "running"


@dataclass(slots=True)
class Running:
    """One running script: its name and mark, and the process, once it is started."""

    name: str
    mark: str
    path: Path
    owner: Identity
    script: Identity | None = None

    def started(self, pid: int) -> None:
        """Note the script's process."""
        self.script = Identity.of(pid)
        self._write()

    def _write(self) -> None:
        record = {
            "host": socket.gethostname(),
            "name": self.name,
            "mark": self.mark,
            "owner": [self.owner.pid, self.owner.created],
            "script": [self.script.pid, self.script.created] if self.script else None,
        }
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps(record), encoding="utf-8")
        temporary.replace(self.path)


@contextmanager
def running(outputs_dir: Path, name: str, mark: str) -> Iterator[Running]:
    """Remember a script while the block runs; forget it however the block ends.

    It is written down before the script starts: its mark alone is enough to find it.
    """
    folder = outputs_dir / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    owner = Identity.of(os.getpid())
    if owner is None:  # pragma: no cover - we are running
        raise ProcessLookupError(os.getpid())
    entry = Running(name, mark, folder / f"{mark}.json", owner)
    entry._write()
    try:
        yield entry
    finally:
        entry.path.unlink(missing_ok=True)


async def sweep(outputs_dir: Path, grace: float = process_tree.GRACE) -> list[str]:
    """End every script whose owner is gone, killed after `grace` seconds; return their names."""
    swept: list[str] = []
    for path in sorted((outputs_dir / _FOLDER).glob("*.json")):
        entry = _read(path)
        if entry is None or entry.owner.process():
            continue
        if await process_tree.end(entry.mark, entry.script, grace):
            swept.append(entry.name)
        path.unlink(missing_ok=True)
    return swept


def _read(path: Path) -> Running | None:
    """Return the entry of a file of this machine's; None if it is another's, gone, or not readable."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["host"] != socket.gethostname():
            return None
        script = Identity(*record["script"]) if record["script"] else None
        return Running(record["name"], record["mark"], path, Identity(*record["owner"]), script)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        path.unlink(missing_ok=True)  # a broken file names nothing that could be ended
        return None
