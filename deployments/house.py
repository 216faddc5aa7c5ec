"""Who serves this rhythm: one process at a time, and where the others find it.

The lock is held by `rhythm up`, or for moments by a command that starts a temporary server: two
servers over one SQLite file would lock each other out. The note beside it is `rhythm up`'s alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from tasks.process_tree import Identity


@dataclass(frozen=True, slots=True)
class Host:
    """The `rhythm up` that is up here: its server's API, and its process."""

    url: str
    pid: int
    created: float


@contextmanager
def taken(outputs_dir: Path) -> Iterator[bool]:
    """Try to take the house while the block runs; yield whether that worked."""
    outputs_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(outputs_dir / "house.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


@contextmanager
def noted(outputs_dir: Path, url: str) -> Iterator[None]:
    """Let other `rhythm` commands find this process and its server while the block runs."""
    me = Identity.of(os.getpid())
    if me is None:  # pragma: no cover - we are running
        raise ProcessLookupError(os.getpid())
    path = _note(outputs_dir)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(asdict(Host(url, me.pid, me.created))), encoding="utf-8")
    temporary.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def host(outputs_dir: Path) -> Host | None:
    """Return the `rhythm up` that is up here, if its process lives."""
    try:
        found = Host(**json.loads(_note(outputs_dir).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None  # no note, or a broken one: nobody can be named
    return found if Identity(found.pid, found.created).process() else None


def _note(outputs_dir: Path) -> Path:
    return outputs_dir / "up.json"
