"""Who serves this rhythm: one process at a time, and where the others find it.

The lock is held by `rhythm up`, or for moments by a command that starts a temporary server: two
servers over one SQLite file would lock each other out. The note beside it is `rhythm up`'s alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel

from tasks import atomic_file, private
from tasks.process_tree import Identity


class Host(BaseModel):
    """The `rhythm up` that is up here: its server's API, and its process."""

    url: str
    process: Identity

    @property
    def pid(self) -> int:
        """Its process, for people."""
        return self.process.pid


@contextmanager
def taken(outputs_dir: Path) -> Iterator[bool]:
    """Try to take the house while the block runs; yield whether that worked."""
    private.make_folder(outputs_dir)
    lock = FileLock(outputs_dir / "house.lock", mode=private.FILE)
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
def noted(outputs_dir: Path, url: str, process: Identity | None = None) -> Iterator[None]:
    """Let other `rhythm` commands find a process (this one) and its server while the block runs."""
    path = _note(outputs_dir)
    host = Host(url=url, process=process or Identity.mine())
    atomic_file.write_text(path, host.model_dump_json())
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def host(outputs_dir: Path) -> Host | None:
    """Return the `rhythm up` that is up here, if its process lives."""
    try:
        found = Host.model_validate_json(_note(outputs_dir).read_bytes(), strict=True)
    except (OSError, ValueError):
        return None  # no note, or a broken one: nobody can be named
    return found if found.process.process() else None


def _note(outputs_dir: Path) -> Path:
    return outputs_dir / "up.json"
