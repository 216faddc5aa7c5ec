"""How `rhythm down` asks a `rhythm up` to end: by a file that names its process, in the account's own folder.

A signal would do on POSIX alone, and to end a process by force would leave its scripts to be found later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tasks.files import atomic_file
from tasks.process.process_tree import Identity

_NAME = "down.json"


@contextmanager
def made(outputs_dir: Path, process: Identity) -> Iterator[None]:
    """Ask the `rhythm up` with this process to end, for as long as the block runs.

    Raises:
        OSError: the file cannot be written.
    """
    path = outputs_dir / _NAME
    atomic_file.write_text(path, f"{process.pid} {process.created!r}")
    try:
        yield
    finally:
        with suppress(OSError):  # it names a process that is no more, and so asks for nothing
            path.unlink(missing_ok=True)


def is_made(outputs_dir: Path, process: Identity) -> bool:
    """Return whether the `rhythm up` with this process is asked to end."""
    try:
        asked = (outputs_dir / _NAME).read_text(encoding="ascii")
    except (OSError, ValueError):
        return False
    return asked == f"{process.pid} {process.created!r}"
