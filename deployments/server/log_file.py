"""Log files that programs write to as they please: each starts anew once it has grown large."""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

from tasks.files import private

_SIZE = 5_000_000  # bytes after which a log starts anew, the last one kept beside it
_LOOK = 10.0  # seconds between two looks at the size of one that is being written


def opened(path: Path) -> IO[bytes]:
    """Open a log to be continued."""
    private.make_folder(path.parent)
    if path.exists() and path.stat().st_size > _SIZE:
        # On Windows it cannot be moved while something that the program has left still writes to it.
        with suppress(OSError):
            path.replace(path.with_suffix(".old.log"))
    return private.open_file(path, "ab")


def rotate(path: Path) -> bool:
    """Set aside what a log has, if it has grown large, while programs write to it; return whether it was.

    They all have it open, and so the file itself stays: it is copied and then emptied. A line that comes just
    in between is lost.

    Raises:
        OSError: it cannot be copied.
    """
    if path.stat().st_size <= _SIZE:
        return False
    with path.open("rb") as log, private.open_file(path.with_suffix(".old.log"), "wb") as old:
        shutil.copyfileobj(log, old, 1 << 20)
        os.truncate(path, 0)
    return True


def keep_short(path: Path, over: threading.Event) -> None:
    """Rotate a log that is being written whenever that is due, until `over` is set."""
    while not over.wait(_LOOK):
        with suppress(OSError):  # with a full disk it stays as it is, and is looked at again
            rotate(path)
