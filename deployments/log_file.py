"""Log files that programs write to as they please: each starts anew once it has grown large."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import IO

from tasks import private

_SIZE = 5_000_000  # bytes after which a log starts anew, the last one kept beside it


def opened(path: Path) -> IO[bytes]:
    """Open a log to be continued."""
    private.make_folder(path.parent)
    if path.exists() and path.stat().st_size > _SIZE:
        # On Windows it cannot be moved while something that the program has left still writes to it.
        with suppress(OSError):
            path.replace(path.with_suffix(".old.log"))
    return private.open_file(path, "ab")
