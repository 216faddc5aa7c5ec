"""Who serves this rhythm: one process at a time, and where the others find it.

The lock is held by `rhythm up`, or for seconds by a command that starts a temporary server. The note beside
it is `rhythm up`'s alone. The same again stands in Prefect's home, which may be that of several rhythms, for
the one that serves all of them: two servers over one SQLite file would lock each other out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel

from tasks.files import atomic_file, private
from tasks.problem import ConfigError, Problem
from tasks.process.process_tree import Identity
from tasks.readings.own_use import UP


class Instance(BaseModel):
    """The `rhythm up` that is up here: its server's API, and its process."""

    url: str
    process: Identity
    paused: str = ""
    """Why beats are paused in Prefect, as it has found at its last look; "" if they are not."""

    @property
    def pid(self) -> int:
        """Its process, for people."""
        return self.process.pid


#: What the lock and the note are called: of a rhythm, in its outputs_dir, and of a server, in Prefect's home.
_RHYTHM, _SERVER = ("instance.lock", UP), ("rhythm-server.lock", "rhythm-server.json")


@contextmanager
def acquired(outputs_dir: Path) -> Iterator[bool]:
    """Try to be the one process of this rhythm while the block runs; yield whether that worked."""
    with _held(_take(outputs_dir / _RHYTHM[0])) as ours:
        yield ours


@contextmanager
def server_acquired(home: Path) -> Iterator[bool]:
    """Try to be the one that serves Prefect's home while the block runs; yield whether that worked.

    Raises:
        ConfigError: nothing can be written there.
    """
    try:
        lock = _take(home / _SERVER[0])
    except OSError as error:
        fault = f"cannot be written to ({error.strerror})"
        remedy = "Name a folder that you may write to in PREFECT_HOME."
        raise ConfigError([Problem(str(home), fault, remedy)]) from None
    with _held(lock) as ours:
        yield ours


def _take(path: Path) -> FileLock | None:
    """Return a lock that is ours from now on; None if another process has it."""
    private.make_folder(path.parent)
    lock = FileLock(path, mode=private.FILE)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return None
    return lock


@contextmanager
def _held(lock: FileLock | None) -> Iterator[bool]:
    try:
        yield lock is not None
    finally:
        if lock:
            lock.release()


@contextmanager
def announced(outputs_dir: Path, url: str, process: Identity | None = None) -> Iterator[None]:
    """Let other `rhythm` commands find a process (this one) and its server while the block runs."""
    with _announced(outputs_dir / _RHYTHM[1], url, process or Identity.mine()):
        yield


@contextmanager
def server_announced(home: Path, url: str) -> Iterator[None]:
    """Let the other rhythms of Prefect's home find the server of this process while the block runs."""
    with _announced(home / _SERVER[1], url, Identity.mine()):
        yield


@contextmanager
def _announced(path: Path, url: str, process: Identity) -> Iterator[None]:
    instance = Instance(url=url, process=process)
    atomic_file.write_text(path, instance.model_dump_json())
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def running(outputs_dir: Path) -> Instance | None:
    """Return the `rhythm up` that is up here, if its process is running."""
    return _running(outputs_dir / _RHYTHM[1])


def note_pause(outputs_dir: Path, why: str) -> None:
    """Add to the note of the `rhythm up` that is up here why beats are paused; "" if they are not.

    Raises:
        OSError: it cannot be written.
    """
    if up := running(outputs_dir):
        noted = up.model_copy(update={"paused": why})
        atomic_file.write_text(outputs_dir / _RHYTHM[1], noted.model_dump_json())


def server_running(home: Path) -> Instance | None:
    """Return the process that serves Prefect's home for all its rhythms, if it is running."""
    return _running(home / _SERVER[1])


def _running(path: Path) -> Instance | None:
    try:
        found = Instance.model_validate_json(path.read_bytes(), strict=True)
    except (OSError, ValueError):
        return None  # no note, or a broken one: nobody can be named
    return found if found.process.process() else None
